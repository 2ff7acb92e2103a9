// Which simulcast layers a sender encodes: those that somebody watches.

/** The part of RTCRtpSender that this needs. */
type Encoder = Pick<RTCRtpSender, 'getParameters' | 'setParameters'>;

/** Attempts at one selection before it is left to the next one. */
const ATTEMPTS = 5;

/**
 * Applies selections one at a time: a `setParameters` while another is under way is refused by the
 * browser, and the later selection would be lost. What is selected meanwhile replaces what waits.
 */
export class SentLayers {
  private waiting: string[] | undefined;
  private busy = false;

  constructor(private readonly encoder: Encoder) {}

  /** Encodes the layers with these rids and no others. */
  select(rids: string[]): void {
    this.waiting = rids;
    if (!this.busy) void this.apply();
  }

  private async apply(): Promise<void> {
    this.busy = true;
    for (let failed = 0; this.waiting && failed < ATTEMPTS;) {
      const rids = this.waiting;
      this.waiting = undefined;
      try {
        await this.set(rids);
        failed = 0;
      } catch {
        failed++;
        this.waiting ??= rids;
        await new Promise((resolve) => setTimeout(resolve, 50 * failed));
      }
    }
    this.busy = false;
  }

  private async set(rids: string[]): Promise<void> {
    const parameters = this.encoder.getParameters();
    for (const encoding of parameters.encodings) {
      if (encoding.rid !== undefined) encoding.active = rids.includes(encoding.rid);
    }
    await this.encoder.setParameters(parameters);
  }
}
