// The frame module as the browser loads it: the SFrame vectors, and frames sealed and opened both
// in WebAssembly and in WebCrypto.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { loadFrames, MIC, CAMERA, SCREEN } from './load.mjs';

const { subtle } = globalThis.crypto;
const BASE_KEY = new Uint8Array(16).fill(7);

let wasm;
before(async () => {
  wasm = await loadFrames();
});

function sender(leaf, epoch) {
  const sealer = new wasm.FrameSealer();
  sealer.addEpoch(epoch, BASE_KEY);
  sealer.sendWith(epoch, leaf);
  for (const kind of [MIC, CAMERA, SCREEN]) sealer.addLease(kind, epoch, 0, 1000);
  return sealer;
}

function receiver(...epochs) {
  const opener = new wasm.FrameOpener();
  for (const epoch of epochs) opener.addEpoch(epoch, BASE_KEY);
  return opener;
}

const keyframe = (length) => Uint8Array.from({ length }, (_, i) => (i === 0 ? 0x10 : i));

async function sealElsewhere(sealer, kind, frame) {
  const envelope = sealer.dangerEnvelope(kind, frame);
  const text = await gcm('encrypt', envelope, frame.subarray(envelope.clear));
  return Uint8Array.from([...envelope.prefix, ...text]);
}

async function gcm(what, { key, nonce, aad }, text) {
  const imported = await subtle.importKey('raw', key, 'AES-GCM', false, [what]);
  return new Uint8Array(await subtle[what]({ name: 'AES-GCM', iv: nonce, additionalData: aad }, imported, text));
}

const thrown = (run) => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
};

test('a sealed frame opens to itself and names its sender', () => {
  const [alice, bob] = [sender(7, 5), receiver(5)];
  for (const [kind, frame] of [[MIC, new Uint8Array(100)], [CAMERA, keyframe(1200)], [SCREEN, keyframe(50_000)]]) {
    const opened = bob.open(kind, alice.seal(kind, frame));
    assert.deepEqual([opened.epoch, opened.leaf], [5, 7]);
    assert.deepEqual(opened.intoFrame(), frame);
  }
});

test('WebCrypto opens what WebAssembly sealed, and the other way round', async () => {
  const [alice, bob] = [sender(7, 5), receiver(5)];
  const frame = keyframe(5000);

  const sealed = alice.seal(CAMERA, frame);
  const located = bob.locate(CAMERA, sealed);
  const text = await gcm('decrypt', located, sealed.subarray(located.text));
  assert.deepEqual(Uint8Array.from([...sealed.subarray(0, located.clear), ...text]), frame);
  bob.dangerAccept(located);
  assert.equal(thrown(() => bob.dangerAccept(located)), 'repeated');

  const opened = bob.open(CAMERA, await sealElsewhere(alice, CAMERA, frame));
  assert.deepEqual(opened.intoFrame(), frame);
});

test('refusals are thrown by name', () => {
  const [alice, bob] = [sender(7, 5), receiver(5)];
  const sealed = alice.seal(MIC, new Uint8Array(20));
  const flipped = Uint8Array.from(sealed, (byte, i) => (i === 10 ? byte ^ 1 : byte));
  assert.equal(thrown(() => bob.open(CAMERA, keyframe(9))), 'plaintext');
  assert.equal(thrown(() => new wasm.FrameOpener().open(MIC, sealed)), 'unknown_kid');
  assert.equal(thrown(() => receiver(5, 6, 7).open(MIC, sealed)), 'stale_epoch');
  assert.equal(thrown(() => bob.open(3, sealed)), 'wrong_kind');
  assert.equal(thrown(() => bob.open(MIC, flipped)), 'forged');
  bob.open(MIC, sealed);
  assert.equal(thrown(() => bob.open(MIC, sealed)), 'repeated');
  bob.dropLeaf(6, 7);
  assert.equal(thrown(() => bob.open(MIC, alice.seal(MIC, new Uint8Array(3)))), 'removed_leaf');
  assert.equal(thrown(() => alice.seal(CAMERA, keyframe(9))), 'too_short');
  assert.equal(thrown(() => alice.seal(3, new Uint8Array(3))), 'no_lease');
  assert.equal(thrown(() => alice.addLease(MIC, 5, 10, 10)), 'repeated');
  alice.stop();
  assert.equal(thrown(() => alice.seal(MIC, new Uint8Array(3))), 'paused');
});

test('a frame grows by at most 23 bytes', () => {
  const alice = new wasm.FrameSealer();
  alice.addEpoch(63, BASE_KEY);
  alice.sendWith(63, 4095);
  alice.addLease(3, 63, 2 ** 24 - 1, 1);
  assert.ok(alice.seal(3, new Uint8Array(100)).length <= 123);
});

const folder = process.env.INCAMERA_VECTORS;
const vectorTest = (name, run) =>
  test(name, { skip: folder ? false : 'INCAMERA_VECTORS is not set' }, async () => {
    await run(await readFile(path.join(folder, 'sframe.json'), 'utf8'));
  });

const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/** JSON numbers above 2^53 lose digits, so headers with them are read from the text. */
const headersOf = (text) =>
  [...text.matchAll(/"kid": (\d+),\s+"ctr": (\d+),\s+"encoded": "([0-9a-f]+)"/g)]
    .map(([, kid, counter, encoded]) => ({ kid: BigInt(kid), counter: BigInt(counter), encoded: hex(encoded) }));

vectorTest('headers match the vectors', (text) => {
  const headers = headersOf(text);
  assert.equal(headers.length, 289);
  for (const { kid, counter, encoded } of headers) {
    assert.deepEqual(wasm.encodeHeader(kid, counter), encoded);
    assert.deepEqual([...wasm.decodeHeader(encoded)], [kid, counter, BigInt(encoded.length)]);
  }
});

vectorTest('keys, nonces and ciphertexts match the vectors', async (text) => {
  const vector = JSON.parse(text).sframe.find(({ cipher_suite }) => cipher_suite === 4);
  // The vector's key ID is one of ours: microphone, leaf 4, an epoch that ends in 35.
  const opener = new wasm.FrameOpener();
  opener.addEpoch(35, hex(vector.base_key));
  const located = opener.locate(MIC, hex(vector.ct));
  assert.deepEqual([located.kid, located.leaf], [vector.kid, 4]);
  assert.deepEqual(located.key, hex(vector.sframe_key));
  assert.deepEqual(located.nonce, hex(vector.nonce));

  const sealed = await gcm('encrypt', { key: located.key, nonce: located.nonce, aad: hex(vector.aad) }, hex(vector.pt));
  assert.deepEqual(Uint8Array.from([...hex(vector.ct).subarray(0, located.text), ...sealed]), hex(vector.ct));
});
