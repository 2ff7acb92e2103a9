// The worker in which the participant core lives: it alone holds the device's keys.

import type { FrameEvent } from '../state/core';
import { createShortener } from '../state/short-view';
import { createMeeting } from './create';
import { holdMeeting } from './device-lock';
import { loadCore } from './wasm';
import { Shell } from './shell';
import { openStorage } from './storage';
import { deviceSeed, stateName } from './device';
import type { FromCore, ToCore } from './protocol';

type Open = Extract<ToCore, { type: 'open' }>;

let opened: Open | undefined;
let shell: Shell | undefined;
const early: ToCore[] = [];

const say = (message: FromCore) => postMessage(message);

addEventListener('message', (event: MessageEvent<ToCore>) => {
  const message = event.data;
  if (message.type === 'create') return void createMeeting(message).then(say);
  if (message.type === 'open') return void open((opened = message), false);
  if (message.type === 'take_over' && opened) return void open(opened, true);
  if (shell) pass(message);
  else if (early.length < 64) early.push(message);
});

function pass(message: ToCore) {
  if (message.type === 'command') shell?.tell({ type: 'command', ...message.command });
  if (message.type === 'media') shell?.tell({ type: 'media', ...message.event });
  if (message.type === 'network_changed') shell?.tell(message);
}

async function open(request: Open, steal: boolean) {
  try {
    if (!(await holdMeeting(request.meeting, elsewhere, { steal, reloaded: request.reloaded }))) return say({ type: 'elsewhere' });
    await start(request);
  } catch {
    say({ type: 'broken' });
  }
}

function elsewhere() {
  shell?.stop();
  shell = undefined;
  say({ type: 'elsewhere' });
}

async function start({ origin, meeting, fragment, frames }: Open) {
  const [storage, wasm] = await Promise.all([openStorage(), loadCore()]);
  const seed = await deviceSeed(storage, meeting);
  const saved = await storage.get(stateName(meeting));
  const [core, first] = wasm.participant({ origin, meeting, fragment, seed, saved });
  const shorten = createShortener();
  shell = new Shell(core, first, {
    origin,
    save: (state) => storage.put(stateName(meeting), state),
    forget: () => storage.remove(stateName(meeting)),
    view: (view, handled) => say({ type: 'view', view: shorten(view), handled }),
    notice: (notice) => say({ type: 'notice', notice }),
    media: (command) => say({ type: 'media', command }),
    frames: (command) => frames.postMessage(command),
    broken: () => say({ type: 'broken' }),
  });
  frames.onmessage = (event: MessageEvent<FrameEvent>) => shell?.tell({ type: 'frames', ...event.data });
  early.splice(0).forEach(pass);
}
