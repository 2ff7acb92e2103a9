// The participant core as the browser loads it.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadCore } from './load.mjs';

const ORIGIN = 'https://meet.example.org';
const SEED = new Uint8Array(32).fill(9);
const MONO = 1_000;
const WALL = 1_700_000_000_000;

let wasm;
before(async () => {
  wasm = await loadCore();
});

const create = () => wasm.createMeeting(SEED, 'Thursday group', 'Ana', MONO, WALL);

test('a new meeting has an id, a link with its secret in the fragment, and a request without it', () => {
  const made = create();
  assert.match(made.meeting, /^[\w-]{22}$/);
  const [path, fragment] = made.invitePath.split('#');
  assert.equal(path, `/m/${made.meeting}`);
  assert.match(fragment, /^1\.[\w-]{43}\.[\w-]{22}$/);
  assert.equal(JSON.parse(made.request).id, made.meeting);
  assert.ok(!made.request.includes(fragment.split('.')[1]));
  assert.ok(!made.request.includes('Ana') && !made.request.includes('Thursday'));
});

test('two meetings of one device share nothing', () => {
  const [one, other] = [create(), create()];
  assert.notEqual(one.meeting, other.meeting);
  assert.notEqual(one.invitePath.split('#')[1], other.invitePath.split('#')[1]);
});

test('a participant first asks for a connection', () => {
  const made = create();
  const core = new wasm.Core(ORIGIN, made.meeting, undefined, SEED, made.saved, MONO, WALL);
  const outputs = JSON.parse(core.outputs());
  const connect = outputs.find(({ type }) => type === 'connect');
  assert.equal(connect.path, `/api/v1/meetings/${made.meeting}/ws`);
  assert.equal(core.outputs(), '[]');
});

test('inputs are answered with outputs, and malformed ones are refused', () => {
  const made = create();
  const core = new wasm.Core(ORIGIN, made.meeting, undefined, SEED, made.saved, MONO, WALL);
  assert.ok(Array.isArray(JSON.parse(core.handle('{"type":"socket_opened"}', MONO, WALL))));
  assert.throws(() => core.handle('{"type":"no such input"}', MONO, WALL));
  assert.throws(() => new wasm.Core(ORIGIN, made.meeting, undefined, SEED.subarray(1), undefined, MONO, WALL));
});

test('a guest without a secret is asked for the passcode', () => {
  const core = new wasm.Core(ORIGIN, create().meeting, undefined, SEED, undefined, MONO, WALL);
  const { view } = JSON.parse(core.outputs()).findLast(({ type }) => type === 'view');
  assert.equal(view.problem, null);
  assert.deepEqual(view.passcode, { needed: true, state: 'none' });
});
