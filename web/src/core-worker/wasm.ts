// The generated WebAssembly, behind the few calls that the worker makes.

import init, { Core as WasmCore, createMeeting } from '../wasm/incamera_wasm.js';
import type { Input, Output } from '../state/core';
import type { Core } from './shell';

type Bytes = Uint8Array<ArrayBuffer>;

export interface Who {
  origin: string;
  meeting: string;
  fragment: string | null;
  seed: Bytes;
  saved: Bytes | null;
}

export async function loadCore() {
  await init();
  return { participant, create };
}

/** A participant and what it asks for first. */
function participant({ origin, meeting, fragment, seed, saved }: Who): [Core, Output[]] {
  const core = new WasmCore(origin, meeting, fragment, seed, saved, performance.now(), Date.now());
  const handle = (input: Input) => read(core.handle(JSON.stringify(input), performance.now(), Date.now()));
  return [{ handle, free: () => core.free() }, read(core.outputs())];
}

function create({ seed, title, hostName }: { seed: Bytes; title: string; hostName: string }) {
  const { request, meeting, invitePath, saved } = createMeeting(seed, title, hostName, performance.now(), Date.now());
  return { request, meeting, invitePath, saved: new Uint8Array(saved) };
}

const read = (json: string) => JSON.parse(json) as Output[];
