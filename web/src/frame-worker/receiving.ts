// One receiving line: whose verified frames it carries, and which of them may flow. On video lines
// the frames of another sender are held until the page has covered the old picture.

/** What an encoded frame offers here; `RTCEncodedVideoFrame` and `RTCEncodedAudioFrame` do. */
export interface EncodedFrame {
  data: ArrayBuffer;
  timestamp?: number;
  getMetadata?(): { rtpTimestamp?: number };
}

export interface Sender {
  epoch: number;
  leaf: number;
}

export interface Listener {
  /** From this frame on the line's frames verify under another (epoch, leaf). */
  sender(seq: number, sender: Sender, rtpTimestamp: number): void;
  /** Frames arrive, and for a while none has verified. */
  unverified(): void;
}

/** Held frames; at the bound further ones are dropped and the decoder asks for a keyframe. */
const MAX_HELD = 120;

/**
 * A line whose frames fail for this long is unverified. Shorter alarms at the frames that cross a
 * change of epoch; longer leaves an unverified line without words.
 */
const FAILING_MS = 1_000;

/** After this much silence the next verified frame counts as another sender's. */
const SILENCE_MS = 2_000;

interface Held<F> {
  seq: number;
  frame: F;
}

export class ReceivingLine<F extends EncodedFrame> {
  private sender: Sender | undefined;
  private seq = 0;
  private released = 0;
  private held: Held<F>[] = [];
  private failingSince: number | undefined;
  private lastVerified = -Infinity;
  private told = false;

  constructor(
    private readonly holds: boolean,
    private readonly pass: (frame: F) => void,
    private readonly listener: Listener,
  ) {}

  /** A frame verified and holds its plain bytes. */
  handleVerified(now: number, { epoch, leaf }: Sender, frame: F): void {
    const silent = now - this.lastVerified > SILENCE_MS;
    this.lastVerified = now;
    this.failingSince = undefined;
    this.told = false;
    const same = this.sender?.epoch === epoch && this.sender.leaf === leaf;
    if (!same || silent) {
      this.sender = { epoch, leaf };
      this.seq++;
      this.listener.sender(this.seq, this.sender, rtpTimestampOf(frame));
    }
    this.emit(frame);
  }

  /** A frame was dropped because it did not verify. */
  handleFailed(now: number): void {
    this.failingSince ??= now;
    if (this.told || now - this.failingSince < FAILING_MS) return;
    this.told = true;
    this.sender = undefined;
    this.listener.unverified();
  }

  /** The frames held since sender number `seq` may flow. */
  handleGo(seq: number): void {
    this.released = Math.max(this.released, seq);
    while (this.held[0] && this.held[0].seq <= this.released) {
      const next = this.held.shift();
      if (next) this.pass(next.frame);
    }
  }

  private emit(frame: F) {
    if (!this.holds || this.seq <= this.released) this.pass(frame);
    else if (this.held.length < MAX_HELD) this.held.push({ seq: this.seq, frame });
  }
}

export const rtpTimestampOf = (frame: EncodedFrame): number =>
  frame.getMetadata?.().rtpTimestamp ?? frame.timestamp ?? 0;
