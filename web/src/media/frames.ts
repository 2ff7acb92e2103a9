// Starts the frame worker and gives every line its transform.

import type { FramesToMain, LineOptions, MainToFrames } from './frames-protocol';

interface EncodedStreams { createEncodedStreams?: () => { readable: ReadableStream; writable: WritableStream } }

const scriptTransform = () => typeof RTCRtpScriptTransform !== 'undefined';
const encodedStreams = () =>
  typeof RTCRtpSender !== 'undefined' && 'createEncodedStreams' in RTCRtpSender.prototype;

/** Without one of the two nothing could be encrypted, so nothing is sent or shown. */
export const canEncryptFrames = () => scriptTransform() || encodedStreams();

/** What a peer connection must be told where `RTCRtpScriptTransform` is missing. */
export const peerOptions = (): RTCConfiguration =>
  scriptTransform() ? {} : ({ encodedInsertableStreams: true } as RTCConfiguration);

export class Frames {
  private readonly worker = new Worker(new URL('../frame-worker/index.ts', import.meta.url), { type: 'module' });
  /** The core worker's end of the channel that carries keys. */
  readonly corePort: MessagePort;

  constructor(handle: (message: FramesToMain) => void) {
    const { port1, port2 } = new MessageChannel();
    this.corePort = port1;
    this.post({ type: 'init', port: port2 }, [port2]);
    this.worker.onmessage = (event: MessageEvent<FramesToMain>) => handle(event.data);
  }

  post(message: MainToFrames, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  /** Must run in the task that added the transceiver: later, Chromium lets frames pass it by. */
  transform(end: RTCRtpSender | RTCRtpReceiver, options: LineOptions): void {
    if (scriptTransform()) {
      end.transform = new RTCRtpScriptTransform(this.worker, options);
      return;
    }
    const streams = (end as EncodedStreams).createEncodedStreams?.();
    if (!streams) throw new Error('this browser cannot encrypt frames');
    this.post({ type: 'streams', options, ...streams }, [streams.readable, streams.writable] as unknown as Transferable[]);
  }
}
