// What sealing and opening a frame costs in WebAssembly and in WebCrypto, by size:
// `node crates/wasm/tests-node/bench.mjs`, after scripts/build-wasm.sh.

import { CAMERA, loadFrames } from './load.mjs';

const SIZES = [100, 1_200, 10_000, 50_000];
const FRAMES = 200;
const ROUNDS = 11;
const BASE_KEY = new Uint8Array(16).fill(1);
const { subtle } = globalThis.crypto;

const wasm = await loadFrames();

function ends() {
  const [sealer, opener] = [new wasm.FrameSealer(), new wasm.FrameOpener()];
  for (const end of [sealer, opener]) end.addEpoch(1, BASE_KEY);
  sealer.sendWith(1, 3);
  sealer.addLease(CAMERA, 1, 0, 4 * FRAMES);
  return { sealer, opener };
}

const join = (head, tail) => {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
};

async function timed(run) {
  const start = performance.now();
  for (let i = 0; i < FRAMES; i++) await run(i);
  return ((performance.now() - start) * 1000) / FRAMES;
}

function timedSync(run) {
  const start = performance.now();
  for (let i = 0; i < FRAMES; i++) run(i);
  return ((performance.now() - start) * 1000) / FRAMES;
}

async function webcrypto(frame) {
  const { sealer, opener } = ends();
  const first = sealer.dangerEnvelope(CAMERA, frame);
  const key = await subtle.importKey('raw', first.key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const algorithm = ({ nonce, aad }) => ({ name: 'AES-GCM', iv: nonce, additionalData: aad });
  const sealed = [];
  const seal = await timed(async () => {
    const envelope = sealer.dangerEnvelope(CAMERA, frame);
    const text = await subtle.encrypt(algorithm(envelope), key, frame.subarray(envelope.clear));
    sealed.push(join(envelope.prefix, new Uint8Array(text)));
    envelope.free();
  });
  const open = await timed(async (i) => {
    const located = opener.locate(CAMERA, sealed[i]);
    const text = await subtle.decrypt(algorithm(located), key, sealed[i].subarray(located.text));
    opener.dangerAccept(located);
    join(sealed[i].subarray(0, located.clear), new Uint8Array(text));
    located.free();
  });
  return { seal, open };
}

function webassembly(frame) {
  const { sealer, opener } = ends();
  const sealed = [];
  const seal = timedSync(() => sealed.push(sealer.seal(CAMERA, frame)));
  const open = timedSync((i) => opener.open(CAMERA, sealed[i]).intoFrame());
  return { seal, open };
}

const median = (rounds, field) => rounds.map((round) => round[field]).sort((a, b) => a - b)[rounds.length >> 1];

console.log(`Node ${process.version}, µs per frame (median of ${ROUNDS} rounds of ${FRAMES})`);
console.log('   bytes  wasm seal  wasm open  webcrypto seal  webcrypto open');
for (const size of SIZES) {
  const frame = new Uint8Array(size);
  const [inWasm, inWebCrypto] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    inWasm.push(webassembly(frame));
    inWebCrypto.push(await webcrypto(frame));
  }
  const figures = [median(inWasm, 'seal'), median(inWasm, 'open'), median(inWebCrypto, 'seal'), median(inWebCrypto, 'open')];
  const widths = [11, 11, 16, 16];
  console.log(String(size).padStart(8) + figures.map((figure, i) => figure.toFixed(1).padStart(widths[i])).join(''));
}
