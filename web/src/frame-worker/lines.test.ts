// Whole lines: encoded streams in and out, with the WebAssembly that the worker loads.

import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { FramesToMain, LineOptions } from '../media/frames-protocol';
import type { FrameCommand, FrameEvent, Kind } from '../state/core';
import init, { FrameOpener, FrameSealer } from '../wasm/incamera_frames.js';
import { FrameCrypto } from './crypto';
import { Lines } from './lines';
import type { EncodedFrame } from './receiving';

const BASE_KEY = 'BwcHBwcHBwcHBwcHBwcHBw';

beforeAll(async () => {
  await init({ module_or_path: await readFile(new URL('../wasm/incamera_frames_bg.wasm', import.meta.url)) });
});

/** One end of a meeting: its lines, and all they said. */
class End {
  readonly toMain: FramesToMain[] = [];
  readonly toCore: FrameEvent[] = [];
  crypto: FrameCrypto | undefined = new FrameCrypto({ FrameSealer, FrameOpener }, (kind) =>
    this.toCore.push({ frames: 'need_lease', kind }));
  readonly lines = new Lines({
    crypto: () => this.crypto,
    tellMain: (message) => void this.toMain.push(message),
    tellCore: (event) => void this.toCore.push(event),
    now: () => 0,
  });

  constructor() {
    this.lines.handle({ type: 'mids', mids: { r1: '4' } });
  }

  apply(...commands: FrameCommand[]) {
    for (const command of commands) this.crypto?.apply(command);
    return this;
  }

  line(direction: LineOptions['direction'], kind: Kind) {
    const [input, output] = [new TransformStream<EncodedFrame>(), new TransformStream<EncodedFrame>()];
    const options = { line: direction === 'send' ? 's1' : 'r1', direction, kind };
    this.lines.add(options, { readable: input.readable, writable: output.writable });
    const out: Uint8Array[] = [];
    void output.readable.pipeTo(new WritableStream({ write: (frame) => void out.push(new Uint8Array(frame.data)) }));
    const writer = input.writable.getWriter();
    return {
      out,
      async put(bytes: Uint8Array) {
        await writer.write({ data: bytes.slice().buffer as ArrayBuffer, getMetadata: () => ({ rtpTimestamp: 90 }) });
        await settled();
      },
    };
  }
}

/** WebCrypto answers from another thread. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

const epoch = (number: number): FrameCommand => ({ frames: 'add_epoch', epoch: number, base_key: BASE_KEY });
const lease = (kind: Kind, count = 10_000): FrameCommand => ({ frames: 'lease', kind, epoch: 5, start: 0, count });
const sending = (kind: Kind) => new End().apply(epoch(5), { frames: 'send_with', epoch: 5, leaf: 7 }, lease(kind));
const keyframe = (length: number) => Uint8Array.from({ length }, (_, i) => (i === 0 ? 0x10 : i & 0xff));

async function sealed(kind: Kind, frame: Uint8Array) {
  const line = sending(kind).line('send', kind);
  await line.put(frame);
  return line.out[0] ?? expect.fail('nothing was sealed');
}

test('what one end seals the other opens, small in WebAssembly and large in WebCrypto', async () => {
  for (const [kind, frame] of [['mic', new Uint8Array(90)], ['camera', keyframe(900)], ['camera', keyframe(30_000)]] as const) {
    const bob = new End().apply(epoch(5));
    const line = bob.line('receive', kind);
    await line.put(await sealed(kind, frame));
    bob.lines.handle({ type: 'go', line: 'r1', seq: 1 });
    await settled();
    expect(line.out).toEqual([frame]);
    expect(bob.toCore).toEqual([{ frames: 'slot_verified', mid: '4', epoch: 5, leaf: 7 }]);
    expect(bob.toMain).toEqual([{ type: 'sender', line: 'r1', seq: 1, epoch: 5, leaf: 7, rtpTimestamp: 90 }]);
  }
});

test('nothing is sent before there are keys, nor without a lease, nor while paused', async () => {
  const alice = new End();
  const line = alice.line('send', 'mic');
  await line.put(new Uint8Array(50));
  alice.apply(epoch(5), { frames: 'send_with', epoch: 5, leaf: 7 });
  await line.put(new Uint8Array(50));
  alice.apply(lease('mic'), { frames: 'stop_sending' });
  await line.put(new Uint8Array(50));
  expect(line.out).toEqual([]);
});

test('nothing is sent or shown while the WebAssembly is still loading', async () => {
  const end = new End();
  end.crypto = undefined;
  const [out, back] = [end.line('send', 'camera'), end.line('receive', 'camera')];
  await out.put(keyframe(500));
  await back.put(keyframe(500));
  expect([...out.out, ...back.out]).toEqual([]);
});

test('plaintext is never shown, with or without keys', async () => {
  for (const bob of [new End(), new End().apply(epoch(5))]) {
    const line = bob.line('receive', 'camera');
    for (const size of [12, 500, 40_000]) await line.put(keyframe(size));
    bob.lines.handle({ type: 'go', line: 'r1', seq: 1 });
    expect(line.out).toEqual([]);
    expect(bob.toMain).toEqual([]);
  }
});

test('a frame replayed or in a slot of another kind is dropped, small or large', async () => {
  for (const size of [500, 30_000]) {
    const frame = await sealed('screen', keyframe(size));
    const bob = new End().apply(epoch(5));
    const camera = bob.line('receive', 'camera');
    await camera.put(frame);
    bob.lines.handle({ type: 'go', line: 'r1', seq: 1 });
    expect(camera.out).toEqual([]);

    const ben = new End().apply(epoch(5));
    const screen = ben.line('receive', 'screen');
    await screen.put(frame);
    await screen.put(frame);
    ben.lines.handle({ type: 'go', line: 'r1', seq: 1 });
    await settled();
    expect(screen.out).toHaveLength(1);
  }
});

test('a changed byte of a large frame is noticed by WebCrypto', async () => {
  const frame = await sealed('camera', keyframe(30_000));
  frame[20_000]! ^= 1;
  const bob = new End().apply(epoch(5));
  const line = bob.line('receive', 'camera');
  await line.put(frame);
  bob.lines.handle({ type: 'go', line: 'r1', seq: 1 });
  expect(line.out).toEqual([]);
});

test('a lease that runs low is asked for once', async () => {
  const alice = new End().apply(epoch(5), { frames: 'send_with', epoch: 5, leaf: 7 }, lease('mic', 3));
  const line = alice.line('send', 'mic');
  for (let i = 0; i < 5; i++) await line.put(new Uint8Array(50));
  expect(line.out).toHaveLength(3);
  expect(alice.toCore).toEqual([{ frames: 'need_lease', kind: 'mic' }]);
});
