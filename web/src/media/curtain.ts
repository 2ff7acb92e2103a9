// Whose face a video line shows, and when it may be seen. The name comes from the core (which
// device's key the frames verify under); the moment comes from the frame worker. A picture is uncovered only once
// a frame of the named device has really been presented.

export interface Sender { seq: number; epoch: number; leaf: number; rtpTimestamp: number }

/** What the core says of a line: the device, and the verified sender that this takes into account. */
export interface Named { device: string | null; epoch: number; leaf: number }

export interface Stage {
  /** Covers the line's picture at once and forgets its name. */
  cover(): void;
  /** The line carries this device; its picture is still covered. */
  name(device: string | null): void;
  uncover(): void;
  /** Lets the held frames flow, when the screen has had time to show what changed. */
  go(seq: number): void;
}

export class Curtain {
  private pending: Sender | null = null;
  private awaited: Sender | null = null;
  private device: string | null = null;
  private open = false;

  constructor(private readonly stage: Stage) {}

  /** The frame worker holds the first frame of another sender. */
  handleSender(sender: Sender, named: Named | undefined): void {
    this.pending = sender;
    this.handleNamed(named);
  }

  /** The core's word about this line, whenever it changes. */
  handleNamed(named: Named | undefined): void {
    if (!named) return;
    if (this.pending) {
      if (sameSender(named, this.pending)) this.admit(this.pending, named.device);
    } else if (named.device === null) {
      if (this.device !== null) this.cover();
    } else if (named.device !== this.device && this.awaited && sameSender(named, this.awaited)) {
      this.rename(named.device);
    }
  }

  /** The core did not answer in time: the old picture may not stay under its name. */
  handleTimeout(seq: number): void {
    if (this.pending?.seq !== seq) return;
    this.cover();
    this.stage.go(seq);
    this.awaited = this.pending;
    this.pending = null;
  }

  /** A frame was presented; without its RTP timestamp the stage calls this after a safe while. */
  handlePresented(rtpTimestamp: number | undefined): void {
    if (this.open || !this.awaited || this.device === null || this.pending) return;
    if (rtpTimestamp !== undefined && isBefore(rtpTimestamp, this.awaited.rtpTimestamp)) return;
    this.open = true;
    this.stage.uncover();
  }

  handleUnverified(): void {
    this.cover();
  }

  private admit(sender: Sender, device: string | null) {
    this.pending = null;
    const same = device !== null && device === this.device;
    if (!same) this.cover();
    this.awaited = sender;
    if (same) return this.stage.go(sender.seq);
    this.rename(device);
    this.stage.go(sender.seq);
  }

  private rename(device: string | null) {
    if (this.open) this.cover();
    this.device = device;
    this.stage.name(device);
  }

  private cover() {
    this.open = false;
    this.device = null;
    this.stage.cover();
  }
}

/** A name that runs ahead of the frames must not be put to the picture still on screen. */
const sameSender = (named: Named, sender: Sender) => named.epoch === sender.epoch && named.leaf === sender.leaf;

/** RTP timestamps wrap at 2³². */
export const isBefore = (a: number, b: number): boolean => ((a - b) | 0) < 0;
