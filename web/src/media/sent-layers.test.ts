import { expect, test } from 'vitest';
import { CAMERA_LAYERS, divisorsFor } from './codecs';
import { SentLayers } from './sent-layers';

/** Like a browser's sender: refuses parameters while others are being applied. */
class Sender {
  active: Record<string, boolean> = { q: true, h: true, f: true };
  failures = 0;
  private busy = false;

  getParameters(): RTCRtpSendParameters {
    const encodings = Object.entries(this.active).map(([rid, active]) => ({ rid, active }));
    return { encodings } as RTCRtpSendParameters;
  }

  async setParameters(parameters: RTCRtpSendParameters): Promise<void> {
    if (this.busy || this.failures-- > 0) throw new DOMException('', 'InvalidStateError');
    this.busy = true;
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.active = Object.fromEntries(parameters.encodings.map(({ rid, active }) => [rid, active ?? true]));
    this.busy = false;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 400));

test('the last of several selections in a row holds', async () => {
  const sender = new Sender();
  const layers = new SentLayers(sender);
  layers.select([]);
  layers.select(['f']);
  layers.select(['q', 'h']);
  await settled();
  expect(sender.active).toEqual({ q: true, h: true, f: false });
});

test('a selection that the browser refuses is tried again', async () => {
  const sender = new Sender();
  sender.failures = 2;
  new SentLayers(sender).select(['q']);
  await settled();
  expect(sender.active).toEqual({ q: true, h: false, f: false });
});

test('a sender that always refuses is left alone until the next selection', async () => {
  const sender = new Sender();
  sender.failures = 5;
  const layers = new SentLayers(sender);
  layers.select(['q']);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(sender.active).toEqual({ q: true, h: true, f: true });
  layers.select(['h']);
  await settled();
  expect(sender.active).toEqual({ q: false, h: true, f: false });
});

test('a line without simulcast rests while nobody watches, and keeps its limits', async () => {
  let held = { encodings: [{ active: true }] } as RTCRtpSendParameters;
  const sender = { getParameters: () => structuredClone(held), setParameters: async (next: RTCRtpSendParameters) => void (held = next) };
  const layers = new SentLayers(sender);
  layers.reshape({ layer: { maxBitrate: 500_000 }, preference: 'maintain-resolution' });
  layers.select([]);
  await settled();
  expect(held).toEqual({ encodings: [{ active: false, maxBitrate: 500_000 }], degradationPreference: 'maintain-resolution' });
  layers.select(['f']);
  await settled();
  expect(held.encodings[0]?.active).toBe(true);
});

test('the layers of a small camera are scaled by its size, and stay selected', async () => {
  let held = { encodings: CAMERA_LAYERS.map((layer) => ({ ...layer, active: true })) } as RTCRtpSendParameters;
  const sender = { getParameters: () => structuredClone(held), setParameters: async (next: RTCRtpSendParameters) => void (held = next) };
  const layers = new SentLayers(sender);
  layers.select(['h', 'f']);
  layers.scale(divisorsFor({ width: 640, height: 480 }));
  await settled();
  expect(held.encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual([2, 1, 1]);
  expect(held.encodings.map(({ active }) => active)).toEqual([false, true, true]);
  layers.scale(divisorsFor({ width: 720, height: 1280 }));
  await settled();
  expect(held.encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual([4, 2, 1]);
});
