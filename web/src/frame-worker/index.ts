// The worker through which every encoded frame passes. It alone holds frame keys; they come from
// the core worker over a port and never touch the main thread. Frames are dropped until keys are
// there, and whenever one does not verify.

import type { FramesToMain, LineOptions, MainToFrames } from '../media/frames-protocol';
import type { FrameCommand, FrameEvent } from '../state/core';
import init, { FrameOpener, FrameSealer } from '../wasm/incamera_frames.js';
import { FrameCrypto } from './crypto';
import { Lines, type Streams } from './lines';

interface TransformEvent extends Event {
  transformer: Streams & { options: LineOptions };
}

let crypto: FrameCrypto | undefined;
let port: MessagePort | undefined;

const tellMain = (message: FramesToMain) => postMessage(message);
const tellCore = (event: FrameEvent) => port?.postMessage(event);
const lines = new Lines({ crypto: () => crypto, tellMain, tellCore, now: () => performance.now() });
const loaded = init().then(() => {
  crypto = new FrameCrypto({ FrameSealer, FrameOpener }, (kind) => tellCore({ frames: 'need_lease', kind }));
});

addEventListener('message', (event: MessageEvent<MainToFrames>) => {
  if (event.data.type === 'init') void listenToCore(event.data.port);
  else lines.handle(event.data);
});

addEventListener('rtctransform', (event) => {
  const { transformer } = event as TransformEvent;
  lines.add(transformer.options, transformer);
});

/** Commands wait in the port until the WebAssembly is there. */
async function listenToCore(core: MessagePort) {
  port = core;
  await loaded;
  core.onmessage = (event: MessageEvent<FrameCommand>) => apply(event.data);
}

function apply(command: FrameCommand) {
  try {
    crypto?.apply(command);
  } catch {
    // A refused command leaves fewer keys or counters: frames are dropped, never sent or shown.
  }
}
