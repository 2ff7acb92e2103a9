// A receiving line: its transceiver, its element or curtain, and what the page may show of it.

import { batch, createSignal, type Accessor } from 'solid-js';
import type { Kind } from '../state/core';
import { Curtain, type Named, type Sender } from './curtain';
import type { Frames } from './frames';

/** How long held frames may wait for the core's word. */
const NAME_WITHIN_MS = 500;

/** Without RTP timestamps of presented frames: how long until an older picture cannot still be on screen. */
const SAFE_AFTER_MS = 150;

export class VideoLine {
  readonly track: MediaStreamTrack;
  /** The device whose picture this line carries. */
  readonly device: Accessor<string | null>;
  /** Whether that picture may be seen. */
  readonly visible: Accessor<boolean>;
  readonly curtain: Curtain;
  named: Named | undefined;
  private wentAt = 0;

  constructor(readonly kind: Kind, readonly line: string, readonly transceiver: RTCRtpTransceiver, private readonly frames: Frames) {
    this.track = transceiver.receiver.track;
    const [device, setDevice] = createSignal<string | null>(null);
    const [visible, setVisible] = createSignal(false);
    this.device = device;
    this.visible = visible;
    this.curtain = new Curtain({
      cover: () => batch(() => (setVisible(false), setDevice(null))),
      name: (name) => setDevice(name),
      uncover: () => setVisible(true),
      go: (seq) => afterPaint(() => this.go(seq)),
    });
  }

  handleSender(sender: Sender): void {
    this.curtain.handleSender(sender, this.named);
    setTimeout(() => this.curtain.handleTimeout(sender.seq), NAME_WITHIN_MS);
  }

  handleNamed(named: Named): void {
    this.named = named;
    this.curtain.handleNamed(named);
  }

  /** A frame of this line was presented by an element that shows it. */
  handlePresented(rtpTimestamp: number | undefined): void {
    if (rtpTimestamp === undefined && performance.now() - this.wentAt < SAFE_AFTER_MS) return;
    this.curtain.handlePresented(rtpTimestamp);
  }

  private go(seq: number) {
    this.wentAt = performance.now();
    this.frames.post({ type: 'go', line: this.line, seq });
  }
}

/** An element of the page's own plays it; muted until its frames verify. */
export class AudioLine {
  readonly element = document.createElement('audio');

  constructor(readonly kind: Kind, readonly line: string, readonly transceiver: RTCRtpTransceiver, blocked: () => void) {
    this.element.autoplay = true;
    this.element.muted = true;
    this.element.srcObject = new MediaStream([transceiver.receiver.track]);
    document.body.append(this.element);
    this.play = () => void this.element.play().catch((error: Error) => error.name === 'NotAllowedError' && blocked());
  }

  readonly play: () => void;

  handleNamed(named: Named): void {
    const verified = named.device !== null;
    if (this.element.muted !== verified) return;
    this.element.muted = !verified;
    if (verified) this.play();
  }

  close(): void {
    this.element.srcObject = null;
    this.element.remove();
  }
}

/** After the next frame is on screen; hidden pages paint nothing, so a timer stands by. */
function afterPaint(then: () => void) {
  let done = false;
  const once = () => {
    if (!done) then();
    done = true;
  };
  requestAnimationFrame(() => requestAnimationFrame(once));
  setTimeout(once, 60);
}
