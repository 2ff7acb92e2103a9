// Seals and opens frames. Small ones in WebAssembly, where a call costs least; large ones in
// WebCrypto, which is faster per byte. Whatever throws here means: drop the frame.

import type { FrameCommand, Kind } from '../state/core';
import { fromBase64url } from '../state/base64url';
import type { FrameOpener, FrameSealer, Located } from '../wasm/incamera_frames.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** The WebAssembly classes, as the tests and the worker load them. */
export interface FrameCryptoModule {
  FrameSealer: new () => FrameSealer;
  FrameOpener: new () => FrameOpener;
}

export interface Opened {
  epoch: number;
  leaf: number;
  frame: Bytes;
}

/** Frames from this size on go to WebCrypto: the two cost the same at about 2.5 kB. */
const WEBCRYPTO_FROM_BYTES = 2_500;

/** Imported keys kept; at the bound all go and are imported again. */
const MAX_KEYS = 256;

/** A lease with fewer counters left is renewed: at 90 frames a second this is 20 seconds. */
export const LEASE_LOW = 2_000;

const KIND_NUMBER: Record<Kind, number> = { mic: 0, camera: 1, screen: 2, screen_audio: 3 };

export class FrameCrypto {
  private readonly sealer: FrameSealer;
  private readonly opener: FrameOpener;
  private readonly keys = new Map<string, Promise<CryptoKey>>();
  private readonly asked = new Set<Kind>();

  /** `needLease` asks the core for counters; once per kind until a lease comes. */
  constructor(wasm: FrameCryptoModule, private readonly needLease: (kind: Kind) => void) {
    this.sealer = new wasm.FrameSealer();
    this.opener = new wasm.FrameOpener();
  }

  /** Throws what the WebAssembly refuses; nothing has changed then. */
  apply(command: FrameCommand): void {
    switch (command.frames) {
      case 'add_epoch': return this.addEpoch(command.epoch, fromBase64url(command.base_key));
      case 'drop_epochs': return this.dropEpochs(command.through);
      case 'drop_leaf': return this.opener.dropLeaf(command.before, command.leaf);
      case 'rights': return this.setRights(command.others, command.leaves);
      case 'send_with': return this.sendWith(command.epoch, command.leaf);
      case 'lease': return this.lease(command);
      case 'stop_sending': return this.sealer.stop();
      case 'clear': return this.clear();
    }
  }

  async seal(kind: Kind, frame: Bytes): Promise<Bytes> {
    try {
      if (frame.byteLength < WEBCRYPTO_FROM_BYTES) return owned(this.sealer.seal(KIND_NUMBER[kind], frame));
      return await this.sealLarge(kind, frame);
    } finally {
      this.watchLease(kind);
    }
  }

  async open(kind: Kind, frame: Bytes): Promise<Opened> {
    if (frame.byteLength >= WEBCRYPTO_FROM_BYTES) return this.openLarge(kind, frame);
    const opened = this.opener.open(KIND_NUMBER[kind], frame);
    const { epoch, leaf } = opened;
    return { epoch, leaf, frame: owned(opened.intoFrame()) };
  }

  private setRights(others: number, leaves: [number, number][]) {
    const [numbers, kinds] = [leaves.map(([leaf]) => leaf), leaves.map(([, each]) => each)];
    this.opener.setRights(others, new Uint32Array(numbers), new Uint8Array(kinds));
  }

  private addEpoch(epoch: number, key: Bytes) {
    this.keys.clear();
    this.sealer.addEpoch(epoch, key);
    this.opener.addEpoch(epoch, key);
    key.fill(0);
  }

  private dropEpochs(through: number) {
    this.sealer.dropEpochs(through);
    this.opener.dropEpochs(through);
  }

  private sendWith(epoch: number, leaf: number) {
    this.asked.clear();
    this.sealer.sendWith(epoch, leaf);
  }

  private lease({ kind, epoch, start, count }: Extract<FrameCommand, { frames: 'lease' }>) {
    this.asked.delete(kind);
    this.sealer.addLease(KIND_NUMBER[kind], epoch, start, count);
  }

  private clear() {
    this.sealer.clear();
    this.opener.clear();
    this.keys.clear();
    this.asked.clear();
  }

  private async sealLarge(kind: Kind, frame: Bytes): Promise<Bytes> {
    const envelope = this.sealer.dangerEnvelope(KIND_NUMBER[kind], frame);
    try {
      const key = this.key(`s${envelope.epoch}/${envelope.kid}`, envelope);
      const { prefix, clear } = envelope;
      const algorithm = gcm(envelope);
      const text = await crypto.subtle.encrypt(algorithm, await key, frame.subarray(clear));
      return joined(prefix, new Uint8Array(text));
    } finally {
      envelope.free();
    }
  }

  private async openLarge(kind: Kind, frame: Bytes): Promise<Opened> {
    const located = this.opener.locate(KIND_NUMBER[kind], frame);
    try {
      const plain = await this.decrypt(located, frame);
      this.opener.dangerAccept(located);
      const { epoch, leaf, clear } = located;
      return { epoch, leaf, frame: joined(frame.subarray(0, clear), plain) };
    } finally {
      located.free();
    }
  }

  private async decrypt(located: Located, frame: Bytes): Promise<Bytes> {
    const algorithm = gcm(located);
    const text = frame.subarray(located.text);
    try {
      const key = await this.key(`o${located.epoch}/${located.kid}`, located);
      return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, text));
    } catch {
      throw 'forged';
    }
  }

  private key(name: string, source: { key: Uint8Array }): Promise<CryptoKey> {
    const known = this.keys.get(name);
    if (known) return known;
    if (this.keys.size >= MAX_KEYS) this.keys.clear();
    const usage: KeyUsage = name.startsWith('s') ? 'encrypt' : 'decrypt';
    const key = crypto.subtle.importKey('raw', owned(source.key), 'AES-GCM', false, [usage]);
    this.keys.set(name, key);
    return key;
  }

  private watchLease(kind: Kind) {
    if (!this.sealer.sending || this.asked.has(kind)) return;
    if (this.sealer.remaining(KIND_NUMBER[kind]) >= LEASE_LOW) return;
    this.asked.add(kind);
    this.needLease(kind);
  }
}

const gcm = ({ nonce, aad }: { nonce: Uint8Array; aad: Uint8Array }): AesGcmParams => ({
  name: 'AES-GCM',
  iv: owned(nonce),
  additionalData: owned(aad),
});

/** WebAssembly hands out copies; their buffers are never shared. */
const owned = (bytes: Uint8Array) => bytes as Bytes;

function joined(head: Uint8Array, tail: Uint8Array): Bytes {
  const whole = new Uint8Array(head.byteLength + tail.byteLength);
  whole.set(head);
  whole.set(tail, head.byteLength);
  return whole;
}
