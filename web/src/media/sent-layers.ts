// What a sender encodes: the simulcast layers that somebody watches, and how much each may take.

/** The part of RTCRtpSender that this needs. */
type Encoder = Pick<RTCRtpSender, 'getParameters' | 'setParameters'>;

/** Limits of a line's one layer, and what gives way first. */
export interface Shape { layer: RTCRtpEncodingParameters; preference: RTCDegradationPreference }

/** The name by which the server knows the layer of a line without simulcast. */
const ONLY_LAYER = 'f';

/** Attempts at one change before it is left to the next one. */
const ATTEMPTS = 5;

/**
 * Applies changes one at a time: a `setParameters` while another is under way is refused by the
 * browser, and the later change would be lost. What is asked meanwhile replaces what waits.
 */
export class SentLayers {
  private rids: string[] | undefined;
  private shape: Shape | undefined;
  private divisors: Record<string, number> | undefined;
  private waiting = false;
  private busy = false;

  constructor(private readonly encoder: Encoder) {}

  /** Encodes the layers with these rids and no others. */
  select(rids: string[]): void {
    this.rids = rids;
    this.begin();
  }

  /** Encodes each layer so many times smaller than the picture, by rid. */
  scale(divisors: Record<string, number>): void {
    this.divisors = divisors;
    this.begin();
  }

  /** Encodes the one layer within these limits. */
  reshape(shape: Shape): void {
    this.shape = shape;
    this.begin();
  }

  private begin() {
    this.waiting = true;
    if (!this.busy) void this.apply();
  }

  private async apply(): Promise<void> {
    this.busy = true;
    for (let failed = 0; this.waiting && failed < ATTEMPTS;) {
      this.waiting = false;
      try {
        await this.set();
        failed = 0;
      } catch {
        failed++;
        this.waiting = true;
        await new Promise((resolve) => setTimeout(resolve, 50 * failed));
      }
    }
    this.busy = false;
  }

  private async set(): Promise<void> {
    const parameters = this.encoder.getParameters();
    for (const encoding of parameters.encodings) {
      if (this.shape) Object.assign(encoding, this.shape.layer);
      const divisor = this.divisors?.[encoding.rid ?? ONLY_LAYER];
      if (divisor) encoding.scaleResolutionDownBy = divisor;
      if (this.rids) encoding.active = this.rids.includes(encoding.rid ?? ONLY_LAYER);
    }
    if (this.shape) parameters.degradationPreference = this.shape.preference;
    await this.encoder.setParameters(parameters);
  }
}
