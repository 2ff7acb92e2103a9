// The one peer connection: what this device sends, the lines it receives on, and how both recover.

import { createSignal, type Accessor } from 'solid-js';
import type { Kind, MediaCommand, MediaEvent, Slot, SlotWish } from '../state/core';
import type { Handled } from '../core-worker/protocol';
import { peerOptions, type Frames } from './frames';
import type { FramesToMain } from './frames-protocol';
import { assign, linesFor, sameWishes, type Wanted } from './layout';
import { AudioLine, VideoLine } from './line';
import { mediaOf, preferCodec, type ScreenHint } from './codecs';
import { Sending } from './sending';

const AUDIO_LINES = 3;
/** A connection that is merely disturbed often comes back by itself within this. */
const RESTART_AFTER_MS = 3_000;
/** A restart that has not connected by then will not. */
const REPLACE_AFTER_MS = 10_000;

export class Peer {
  private connection: RTCPeerConnection | undefined;
  private readonly sending: Sending;
  private audio: AudioLine[] = [];
  private wishes: SlotWish[] = [];
  private wanted: Wanted[] = [];
  private negotiating = false;
  private offerAgain = false;
  private offered = false;
  private generation = 0;
  private lineNumber = 0;
  private recovery: ReturnType<typeof setTimeout> | undefined;
  private readonly lines = createSignal<VideoLine[]>([]);
  private readonly blocked = createSignal(false);
  readonly video: Accessor<VideoLine[]> = this.lines[0];
  /** The browser wants a tap before it plays sound. */
  readonly soundBlocked: Accessor<boolean> = this.blocked[0];

  constructor(private readonly frames: Frames, private readonly tell: (event: MediaEvent) => void) {
    this.sending = new Sending(frames, () => `s${this.lineNumber++}`);
    addEventListener('online', () => this.recover(0));
    (navigator as { connection?: EventTarget }).connection?.addEventListener('change', () => this.recover(500));
  }

  handleCommand(command: MediaCommand): void {
    switch (command.media) {
      case 'connect': return this.connect();
      case 'answer': return void this.handleAnswer(command.sdp);
      case 'layers': return this.sending.setLayers(command.mid, command.rids);
      case 'close': return this.close();
    }
  }

  handleFrames(message: FramesToMain): void {
    const line = this.video().find((each) => each.line === message.line);
    if (message.type === 'sender') line?.handleSender(message);
    else line?.curtain.handleUnverified();
  }

  /** The core's word on whose frames each line carries. */
  handleSlots(slots: Slot[], handled: Handled): void {
    for (const line of [...this.video(), ...this.audio]) {
      const mid = line.transceiver.mid;
      if (mid === null) continue;
      const device = slots.find((slot) => slot.mid === mid)?.device ?? null;
      line.handleNamed({ device, epoch: -1, leaf: -1, ...handled[mid] });
    }
  }

  /** Sends this track, or nothing at all while it is null. */
  setTrack(kind: Kind, track: MediaStreamTrack | null): void {
    const grows = this.sending.setTrack(kind, track);
    if (grows) void this.negotiate();
    else this.publish();
  }

  /** What matters in the screen that is shared from here. */
  setHint(hint: ScreenHint): void {
    this.sending.setHint(hint);
  }

  /** What of whom the page shows, and how high. */
  setWanted(wanted: Wanted[]): void {
    this.wanted = wanted;
    if (this.grow()) void this.negotiate();
    this.sendLayout(false);
  }

  setSpeaker(id: string): void {
    for (const { element } of this.audio) void element.setSinkId?.(id).catch(() => {});
  }

  /** From a tap. */
  unblockSound(): void {
    this.blocked[1](false);
    for (const line of this.audio) line.play();
  }

  close(): void {
    clearTimeout(this.recovery);
    this.generation++;
    this.connection?.close();
    this.connection = undefined;
    for (const { line } of [...this.video(), ...this.audio]) this.frames.post({ type: 'closed', line });
    for (const line of this.audio) line.close();
    this.audio = [];
    this.sending.close();
    this.wishes = [];
    this.lines[1]([]);
    this.negotiating = this.offerAgain = this.offered = false;
  }

  private connect() {
    this.close();
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', ...peerOptions() });
    this.connection = connection;
    connection.onconnectionstatechange = () => this.handleState(connection);
    this.sending.open(connection);
    for (let i = 0; i < AUDIO_LINES; i++) this.addAudio('mic');
    this.grow();
    void this.negotiate();
  }

  private addAudio(kind: 'mic' | 'screen_audio') {
    const { transceiver, line } = this.addReceiver(kind);
    this.audio.push(new AudioLine(kind, line, transceiver, () => this.blocked[1](true)));
  }

  /** The lines that what is wanted needs; none is ever taken away. True when some were added. */
  private grow(): boolean {
    if (!this.connection) return false;
    const fresh: VideoLine[] = [];
    for (const kind of ['camera', 'screen'] as const) {
      const missing = linesFor(kind, this.wanted) - this.video().filter((line) => line.kind === kind).length;
      for (let i = 0; i < missing; i++) {
        const { transceiver, line } = this.addReceiver(kind);
        fresh.push(new VideoLine(kind, line, transceiver, this.frames));
      }
    }
    const sound = linesFor('screen_audio', this.wanted) > this.audio.filter(({ kind }) => kind === 'screen_audio').length;
    if (sound) this.addAudio('screen_audio');
    if (fresh.length > 0) this.lines[1]([...this.video(), ...fresh]);
    return fresh.length > 0 || sound;
  }

  private addReceiver(kind: Kind) {
    const connection = this.connection;
    if (!connection) throw new Error('lines belong to a connection');
    const media = mediaOf(kind);
    const transceiver = connection.addTransceiver(media, { direction: 'recvonly' });
    const line = `r${this.lineNumber++}`;
    this.frames.transform(transceiver.receiver, { line, direction: 'receive', kind });
    preferCodec(transceiver, media);
    return { transceiver, line };
  }

  /** One offer at a time; what changes meanwhile goes into the next. */
  private async negotiate(): Promise<void> {
    const connection = this.connection;
    if (!connection) return;
    if (this.negotiating) {
      this.offerAgain = true;
      return;
    }
    this.negotiating = true;
    const generation = this.generation;
    try {
      await connection.setLocalDescription(await connection.createOffer());
    } catch {
      if (generation === this.generation) this.tell({ media: 'failed' });
      return;
    }
    if (generation !== this.generation) return;
    this.nameLines();
    this.tell({ media: 'offer', sdp: connection.localDescription?.sdp ?? '', new: !this.offered });
    this.offered = true;
    this.publish();
  }

  private async handleAnswer(sdp: string) {
    const connection = this.connection;
    if (connection?.signalingState !== 'have-local-offer') return;
    try {
      await connection.setRemoteDescription({ type: 'answer', sdp });
    } catch {
      if (connection === this.connection) this.tell({ media: 'failed' });
      return;
    }
    if (connection !== this.connection) return;
    this.negotiating = false;
    this.sendLayout(true);
    if (this.offerAgain) {
      this.offerAgain = false;
      void this.negotiate();
    }
  }

  private nameLines() {
    const mids: Record<string, string> = {};
    for (const { line, transceiver } of [...this.video(), ...this.audio]) {
      if (transceiver.mid !== null) mids[line] = transceiver.mid;
    }
    this.frames.post({ type: 'mids', mids });
  }

  private publish() {
    const sources = this.sending.published();
    if (sources.length > 0) this.tell({ media: 'publish', sources });
  }

  private sendLayout(always: boolean) {
    const lines = [...this.video(), ...this.audio].flatMap(({ kind, transceiver }) =>
      transceiver.mid !== null && transceiver.currentDirection ? [{ mid: transceiver.mid, kind }] : []);
    const wishes = assign(lines, this.wishes, this.wanted);
    if (!always && sameWishes(wishes, this.wishes)) return;
    this.wishes = wishes;
    if (this.offered) this.tell({ media: 'layout', slots: wishes });
  }

  private handleState(connection: RTCPeerConnection) {
    if (connection !== this.connection) return;
    const state = connection.connectionState;
    if (state === 'connected') {
      clearTimeout(this.recovery);
      this.tell({ media: 'connected' });
    } else if (state === 'disconnected') this.recover(RESTART_AFTER_MS);
    else if (state === 'failed') this.recover(0);
  }

  /** Restarts ICE unless the connection is well by then; if that fails too, the core asks for a new one. */
  private recover(after: number) {
    const connection = this.connection;
    if (!connection || !this.offered) return;
    clearTimeout(this.recovery);
    this.recovery = setTimeout(() => {
      if (connection !== this.connection || connection.connectionState === 'connected') return;
      connection.restartIce();
      void this.negotiate();
      this.recovery = setTimeout(() => {
        if (connection === this.connection && connection.connectionState !== 'connected') this.tell({ media: 'failed' });
      }, REPLACE_AFTER_MS);
    }, after);
  }
}
