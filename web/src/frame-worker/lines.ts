// All lines of the peer connection: each a loop that reads encoded frames, seals or opens them in
// order, and writes what may flow. Nothing is ever written as it came.

import type { FramesToMain, LineOptions, MainToFrames } from '../media/frames-protocol';
import type { FrameEvent, Kind } from '../state/core';
import type { FrameCrypto } from './crypto';
import { ReceivingLine, type EncodedFrame } from './receiving';

export interface Streams {
  readable: ReadableStream;
  writable: WritableStream;
}

export interface Surroundings {
  /** Undefined until the WebAssembly is there: frames are dropped. */
  crypto(): FrameCrypto | undefined;
  tellMain(message: FramesToMain): void;
  tellCore(event: FrameEvent): void;
  now(): number;
}

/** Says of a failure that it is no sign of tampering. */
const HARMLESS = new Set<unknown>(['repeated', 'removed_leaf', 'forbidden']);

export class Lines {
  private readonly receiving = new Map<string, ReceivingLine<EncodedFrame>>();
  private readonly closed = new Map<string, () => void>();
  private mids: Record<string, string> = {};

  constructor(private readonly around: Surroundings) {}

  handle(message: MainToFrames): void {
    switch (message.type) {
      case 'mids': return void (this.mids = message.mids);
      case 'streams': return this.add(message.options, message);
      case 'go': return this.receiving.get(message.line)?.handleGo(message.seq);
      case 'closed': return this.close(message.line);
    }
  }

  add(options: LineOptions, streams: Streams): void {
    const reader = (streams.readable as ReadableStream<EncodedFrame>).getReader();
    const writer = (streams.writable as WritableStream<EncodedFrame>).getWriter();
    const pass = (frame: EncodedFrame) => void writer.write(frame).catch(() => {});
    const each = options.direction === 'send' ? this.sendLoop(options.kind, pass) : this.receiveLoop(options, pass);
    this.closed.set(options.line, () => void reader.cancel().catch(() => {}));
    void this.run(reader, each).finally(() => this.forget(options.line));
  }

  private async run(reader: ReadableStreamDefaultReader<EncodedFrame>, each: (frame: EncodedFrame) => Promise<void>) {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) await each(next.value);
    } catch {
      // The peer connection is gone; its lines end with it.
    }
  }

  private sendLoop(kind: Kind, pass: (frame: EncodedFrame) => void) {
    return async (frame: EncodedFrame) => {
      const crypto = this.around.crypto();
      if (!crypto) return;
      try {
        frame.data = (await crypto.seal(kind, new Uint8Array(frame.data))).buffer;
      } catch {
        return;
      }
      pass(frame);
    };
  }

  private receiveLoop({ line, kind }: LineOptions, pass: (frame: EncodedFrame) => void) {
    const video = kind === 'camera' || kind === 'screen';
    const state = new ReceivingLine<EncodedFrame>(video, pass, this.listener(line));
    this.receiving.set(line, state);
    return async (frame: EncodedFrame) => {
      const crypto = this.around.crypto();
      if (!crypto) return state.handleFailed(this.around.now());
      try {
        const opened = await crypto.open(kind, new Uint8Array(frame.data));
        frame.data = opened.frame.buffer;
        state.handleVerified(this.around.now(), opened, frame);
      } catch (error) {
        if (!HARMLESS.has(error)) state.handleFailed(this.around.now());
      }
    };
  }

  private listener(line: string) {
    return {
      sender: (seq: number, { epoch, leaf }: { epoch: number; leaf: number }, rtpTimestamp: number) => {
        this.tellSlot(line, (mid) => ({ frames: 'slot_verified', mid, epoch, leaf }));
        this.around.tellMain({ type: 'sender', line, seq, epoch, leaf, rtpTimestamp });
      },
      unverified: () => {
        this.tellSlot(line, (mid) => ({ frames: 'slot_unverified', mid }));
        this.around.tellMain({ type: 'unverified', line });
      },
    };
  }

  private tellSlot(line: string, event: (mid: string) => FrameEvent) {
    const mid = this.mids[line];
    if (mid !== undefined) this.around.tellCore(event(mid));
  }

  private close(line: string) {
    this.closed.get(line)?.();
    this.forget(line);
  }

  private forget(line: string) {
    this.closed.delete(line);
    this.receiving.delete(line);
  }
}
