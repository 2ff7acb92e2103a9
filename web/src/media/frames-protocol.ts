// How the main thread, the core worker and the frame worker talk. Keys travel only on the port
// between the two workers; the main thread tells lines apart and holds the curtain.
//
// A *line* is the main thread's own name of a transceiver: its mid does not exist yet when the
// transform must be made, so `mids` follows once the local description is set.
//
// On a video line, when the verified sender (epoch, leaf) of a frame is not that of the frame before,
// the frame worker tells the core (`slot_verified`) and the main thread (`sender`), and holds
// the line's frames, in order, until `go` with the same `seq` comes back. The main thread sends it once the old
// picture is covered, or at once when the core names the same device again. After `unverified` the next
// verified frame counts as another sender's.

import type { FrameCommand, FrameEvent, Kind } from '../state/core';

/** Options of an `RTCRtpScriptTransform`, and of a `streams` message where that is missing. */
export interface LineOptions {
  line: string;
  direction: 'send' | 'receive';
  kind: Kind;
}

export type MainToFrames =
  /** First message: the port to the core worker. */
  | { type: 'init'; port: MessagePort }
  /** The mids of lines, as far as they are known; replaces the earlier map. */
  | { type: 'mids'; mids: Record<string, string> }
  /** For browsers with `createEncodedStreams` only. */
  | { type: 'streams'; options: LineOptions; readable: ReadableStream; writable: WritableStream }
  /** The line is gone with its peer connection. */
  | { type: 'closed'; line: string }
  /** The frames held since `sender` number `seq` may flow. */
  | { type: 'go'; line: string; seq: number };

export type FramesToMain =
  /** From this frame on, the line's frames verify under another (epoch, leaf). */
  | { type: 'sender'; line: string; seq: number; epoch: number; leaf: number; rtpTimestamp: number }
  /** The line's frames do not verify. */
  | { type: 'unverified'; line: string };

/** Over the port, as JSON-shaped objects: the core's commands, and what it wants to know. */
export type CoreToFrames = FrameCommand;
export type FramesToCore = FrameEvent;
