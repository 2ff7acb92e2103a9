// What really arrives: colours and movement of decoded pictures, tones of received sound.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { SENDERS } from './clips.mjs';

/** Runs in the page before its scripts: counts media that reaches any peer connection. */
export function watch() {
  const connections = (window.__connections = []);
  const Real = window.RTCPeerConnection;
  if (!Real) return;
  window.RTCPeerConnection = class extends Real {
    constructor(...args) {
      super(...args);
      connections.push(this);
    }
  };
}

/** Media packets received over all peer connections the page ever made. */
export const packetsReceived = (page) => page.evaluate(async () => {
  let packets = 0;
  for (const connection of window.__connections) {
    for (const stat of (await connection.getStats()).values()) {
      if (stat.type === 'inbound-rtp') packets += stat.packetsReceived ?? 0;
    }
  }
  return packets;
});

/** Mean colour of the lower half of a tile's picture, and a fingerprint of the moving upper part. */
const look = (page, name) => page.evaluate((tileName) => {
  const tile = [...document.querySelectorAll('[role=group]')]
    .find((group) => group.getAttribute('aria-label') === tileName);
  const video = tile && [...tile.querySelectorAll('video')].find((v) => v.videoWidth > 0
    && getComputedStyle(v).visibility === 'visible' && getComputedStyle(v).opacity > 0.9);
  if (!video) return null;
  const canvas = document.createElement('canvas');
  canvas.width = 64;
  canvas.height = 36;
  const paint = canvas.getContext('2d', { willReadFrequently: true });
  paint.drawImage(video, 0, 0, 64, 36);
  const low = paint.getImageData(0, 18, 64, 18).data;
  const sum = [0, 0, 0];
  for (let i = 0; i < low.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += low[i + c];
  const high = paint.getImageData(0, 0, 64, 8).data;
  return { rgb: sum.map((s) => s / (low.length / 4)), pattern: [...high].filter((_, i) => i % 4 === 0).join() };
}, name);

const near = (rgb, wanted) => rgb.every((c, i) => Math.abs(c - wanted[i]) < 45);

/** Succeeds when the tile shows the sender's colour and moves. */
export async function seesMoving(page, tile, sender, limit = 30_000) {
  const deadline = Date.now() + limit;
  let first = null;
  let last = null;
  while (Date.now() < deadline) {
    const seen = await look(page, tile);
    if (seen) {
      last = seen;
      if (near(seen.rgb, SENDERS[sender].rgb)) {
        if (first && first.pattern !== seen.pattern) return;
        first ??= seen;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  const text = await page.evaluate(() => document.body.innerText);
  assert.fail(`tile "${tile}" should show ${sender} ${SENDERS[sender].rgb} moving; last saw ${JSON.stringify(last?.rgb)}; moved: ${Boolean(first)}\n${text}`);
}

/** Succeeds when the tile's picture has this many lines, all that its camera has. */
export async function seesAllLines(page, tile, lines, limit = 20_000) {
  const deadline = Date.now() + limit;
  let last = [];
  while (Date.now() < deadline) {
    last = await page.evaluate((name) => [...document.querySelectorAll('[role=group]')]
      .filter((group) => group.getAttribute('aria-label') === name)
      .flatMap((group) => [...group.querySelectorAll('video')].map((video) => video.videoHeight)), tile);
    if (last.includes(lines)) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert.fail(`tile "${tile}" should have ${lines} lines; last saw ${JSON.stringify(last)}`);
}

/** The strongest frequency (Hz) and its level among all sound the page plays. */
const listen = (page) => page.evaluate(async () => {
  const context = (window.__ear ??= new AudioContext());
  // Not awaited: a browser that wants a gesture first leaves the promise open.
  void context.resume();
  const ears = (window.__ears ??= new Map());
  for (const element of document.querySelectorAll('audio, video')) {
    const stream = element.srcObject;
    const track = stream?.getAudioTracks?.()[0];
    if (!track || element.muted || ears.has(track)) continue;
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    ears.set(track, analyser);
  }
  const found = [];
  for (const analyser of ears.values()) {
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    let best = 0;
    for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
    if (bins[best] > -70) found.push((best * context.sampleRate) / 8192);
  }
  return found;
});

/** Succeeds when one of the page's sounds is the sender's tone. */
export async function hears(page, sender, limit = 30_000) {
  const wanted = SENDERS[sender].hz;
  const deadline = Date.now() + limit;
  let last = [];
  while (Date.now() < deadline) {
    last = await listen(page);
    if (last.some((hz) => Math.abs(hz - wanted) < 15)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail(`should hear ${sender} at ${wanted} Hz; heard ${JSON.stringify(last)}`);
}

/**
 * The same for Firefox, whose AudioContext never starts on a machine without sound hardware: what each of the
 * page's sounds carries is recorded there and looked at here.
 */
export async function hearsRecorded(page, sender, limit = 30_000) {
  const wanted = SENDERS[sender].hz;
  const deadline = Date.now() + limit;
  let last = [];
  while (Date.now() < deadline) {
    last = (await record(page)).map(strongest);
    if (last.some((hz) => Math.abs(hz - wanted) < 15)) return;
  }
  assert.fail(`should hear ${sender} at ${wanted} Hz; heard ${JSON.stringify(last)}`);
}

/** Half a second or more of every sound that is being played, as mono samples at 16 kHz. */
async function record(page) {
  const recorded = await page.evaluate(() => {
    const playing = [...document.querySelectorAll('audio')].filter((a) => !a.muted && !a.paused);
    const tracks = playing.flatMap((a) => a.srcObject?.getAudioTracks?.() ?? []);
    return Promise.all(tracks.map((track) => new Promise((resolve) => {
      const recorder = new MediaRecorder(new MediaStream([track]));
      const parts = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onstop = async () => resolve([...new Uint8Array(await new Blob(parts).arrayBuffer())]);
      recorder.start();
      setTimeout(() => recorder.stop(), 1_200);
    })));
  });
  return recorded.filter((bytes) => bytes.length > 0).map((bytes) => {
    const decode = ['-v', 'quiet', '-i', 'pipe:0', '-f', 's16le', '-ar', '16000', '-ac', '1', 'pipe:1'];
    const { stdout } = spawnSync('ffmpeg', decode, { input: Buffer.from(bytes) });
    return new Int16Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 2)).slice(-8_000);
  });
}

/** The sender's tone that is loudest in these samples, in Hz; 0 in silence. */
function strongest(samples) {
  const power = (hz) => {
    let [re, im] = [0, 0];
    samples.forEach((sample, i) => {
      re += sample * Math.cos((2 * Math.PI * hz * i) / 16_000);
      im += sample * Math.sin((2 * Math.PI * hz * i) / 16_000);
    });
    return Math.hypot(re, im) / Math.max(1, samples.length);
  };
  let best = { hz: 0, level: 40 };
  for (let hz = 300; hz <= 1_300; hz += 10) {
    const level = power(hz);
    if (level > best.level) best = { hz, level };
  }
  return best.hz;
}
