// The lines on which this device sends: microphone and camera always, a screen and its sound once there is one.

import type { Kind, Published } from '../state/core';
import { divisorsFor, encodingsOf, mediaOf, preferCodec, SCREEN_LAYER, SCREEN_PREFERENCE, type ScreenHint } from './codecs';
import type { Frames } from './frames';
import { SentLayers } from './sent-layers';

interface SendingLine { kind: Kind; line: string; transceiver: RTCRtpTransceiver; layers: SentLayers; active: boolean }

const ALWAYS: Kind[] = ['mic', 'camera'];
const ON_DEMAND: Kind[] = ['screen', 'screen_audio'];

export class Sending {
  private lines: SendingLine[] = [];
  private connection: RTCPeerConnection | undefined;
  private hint: ScreenHint = 'detail';
  private readonly tracks: Partial<Record<Kind, MediaStreamTrack | null>> = {};

  /** `newLine` names the next line. */
  constructor(private readonly frames: Frames, private readonly newLine: () => string) {}

  /** Lines on a fresh connection, for all there is to send. */
  open(connection: RTCPeerConnection): void {
    this.connection = connection;
    for (const kind of [...ALWAYS, ...ON_DEMAND]) if (ALWAYS.includes(kind) || this.tracks[kind]) this.add(kind);
  }

  /** Sends this track, or nothing at all while it is null. True when a new line must be offered. */
  setTrack(kind: Kind, track: MediaStreamTrack | null): boolean {
    this.tracks[kind] = track;
    const line = this.lines.find((each) => each.kind === kind);
    if (!line) return track !== null && this.add(kind);
    void line.transceiver.sender.replaceTrack(track).catch(() => {});
    line.active = track !== null;
    fit(line, track);
    return false;
  }

  setHint(hint: ScreenHint): void {
    this.hint = hint;
    for (const line of this.lines) if (line.kind === 'screen') this.reshape(line);
  }

  setLayers(mid: string, rids: string[]): void {
    this.lines.find(({ transceiver }) => transceiver.mid === mid)?.layers.select(rids);
  }

  /** What is sent on the lines that have been offered. */
  published(): Published[] {
    return this.lines.flatMap(({ kind, transceiver, active }) => (transceiver.mid === null ? [] : [{ mid: transceiver.mid, kind, active }]));
  }

  /** Forgets the connection; the tracks are sent on the next one. */
  close(): void {
    this.connection = undefined;
    this.lines = [];
  }

  private add(kind: Kind): boolean {
    if (!this.connection) return false;
    const track = this.tracks[kind] ?? null;
    const sendEncodings = encodingsOf(kind, this.hint);
    const transceiver = this.connection.addTransceiver(track ?? mediaOf(kind), {
      direction: 'sendonly', ...(sendEncodings ? { sendEncodings } : {}),
    });
    const line = this.newLine();
    this.frames.transform(transceiver.sender, { line, direction: 'send', kind });
    preferCodec(transceiver, mediaOf(kind));
    const added = { kind, line, transceiver, layers: new SentLayers(transceiver.sender), active: track !== null };
    this.lines.push(added);
    fit(added, track);
    if (kind === 'screen') this.reshape(added);
    return true;
  }

  private reshape({ layers }: SendingLine) {
    layers.reshape({ layer: SCREEN_LAYER[this.hint], preference: SCREEN_PREFERENCE[this.hint] });
  }
}

/** A small camera is sent in fewer, larger layers. */
function fit({ kind, layers }: SendingLine, track: MediaStreamTrack | null) {
  if (kind === 'camera' && track) layers.scale(divisorsFor(track.getSettings()));
}
