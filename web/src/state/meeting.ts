// One visit to one meeting: the core's view, this person's devices, and what they can ask for.

import { batch, createEffect, createSignal, on, onCleanup } from 'solid-js';
import { createStore, reconcile } from 'solid-js/store';
import type { FromCore, Handled, ToCore } from '../core-worker/protocol';
import { Capture } from '../media/capture';
import { Frames } from '../media/frames';
import { Peer } from '../media/peer';
import { chime, unlockSound } from '../media/sounds';
import { announce, createAnnouncements } from './announce';
import { createHeed } from './heed';
import { emptyView, type Command, type View } from './core';
import { t } from './i18n';
import { fragmentOf, saveName, setInside, wasInside } from './preferences';
import { createSharing } from './sharing';
import { restore, type ShortView } from './short-view';

/** Why the page has stopped although the core has not said so; `left` while still waiting at the door. */
export type Broken = 'elsewhere' | 'broken' | 'left' | null;
export type Meeting = ReturnType<typeof createMeeting>;

export const meetingOf = (path: string): string => path.split('/')[2] ?? '';

const wasReloaded = (): boolean =>
  performance.getEntriesByType('navigation').some((entry) => (entry as PerformanceNavigationTiming).type === 'reload');

export function createMeeting() {
  const path = location.pathname;
  const id = meetingOf(path);
  const [view, setView] = createStore<View>({ ...emptyView });
  const [broken, setBroken] = createSignal<Broken>(null);
  const [inside, setIsInside] = createSignal(wasInside(id));

  const worker = new Worker(new URL('../core-worker/index.ts', import.meta.url), { type: 'module' });
  const post = (message: ToCore, transfer: Transferable[] = []) => worker.postMessage(message, transfer);
  const send = (command: Command) => post({ type: 'command', command });

  const capture = new Capture();
  const sharing = createSharing(view);
  const frames: Frames = new Frames((message) => peer.handleFrames(message));
  const peer: Peer = new Peer(frames, (event) => post({ type: 'media', event }));

  worker.onmessage = (event: MessageEvent<FromCore>) => {
    const message = event.data;
    if (message.type === 'view') show(message.view, message.handled);
    else if (message.type === 'notice') heed(message.notice);
    else if (message.type === 'media') peer.handleCommand(message.command);
    else if (message.type === 'elsewhere' || message.type === 'broken') stop(message.type);
  };
  worker.onerror = () => stop('broken');
  post({ type: 'open', origin: location.origin, meeting: id, fragment: fragmentOf(path), frames: frames.corePort, reloaded: wasReloaded() }, [frames.corePort]);

  function show(next: ShortView, handled: Handled) {
    batch(() => {
      // Who is as before is the store's own, and not compared.
      setView(reconcile(restore(next, view.people), { key: 'device' }));
      if (broken() !== 'left') setBroken(null);
      peer.handleSlots(next.slots, handled);
    });
  }

  function stop(why: Broken) {
    peer.close();
    sharing.stop();
    setBroken(why);
  }

  createEffect(on(() => view.phase, (phase, before) => {
    if (before === 'waiting' && (phase === 'entering' || phase === 'in_meeting')) chime();
    if (phase === 'in_meeting') rememberInside(true);
    if (FINAL.has(phase)) {
      rememberInside(false);
      peer.close();
      capture.stop();
      sharing.stop();
    }
  }));
  const rememberInside = (now: boolean) => {
    setIsInside(now);
    setInside(id, now);
  };

  createEffect(() => peer.setTrack('mic', capture.microphoneOn() ? capture.microphone() : null));
  createEffect(() => peer.setTrack('camera', capture.cameraOn() ? capture.camera() : null));
  createEffect(() => peer.setHint(sharing.hint()));
  createEffect(() => peer.setTrack('screen', sharing.picture()));
  createEffect(() => peer.setTrack('screen_audio', sharing.sound()));
  createEffect(() => peer.setSpeaker(capture.speaker()));
  createEffect(() => tellMuted('mic', !capture.microphoneOn()));
  createEffect(() => tellMuted('camera', !capture.cameraOn()));
  function tellMuted(kind: 'mic' | 'camera', muted: boolean) {
    if (view.phase === 'in_meeting') send({ command: 'set_muted', kind, muted });
  }
  capture.onSwitched = ({ device, to }) =>
    announce(to ? t(`switched-${device}`, { device: to }) : t(`lost-${device}`), 'shown');
  createAnnouncements(view);
  const { heed, asked, answer } = createHeed(view, capture, sharing);

  const networkChanged = () => post({ type: 'network_changed' });
  addEventListener('online', networkChanged);
  onCleanup(() => {
    removeEventListener('online', networkChanged);
    worker.terminate();
  });

  return {
    view, broken, inside, capture, sharing, peer, send, asked, answer,
    /** From a tap: sound may play from here on. */
    join(name: string) {
      unlockSound();
      saveName(name);
      send({ command: 'join', name });
    },
    leave() {
      rememberInside(false);
      if (view.phase !== 'waiting') return send({ command: 'leave' });
      send({ command: 'cancel_join' });
      capture.stop();
      setBroken('left');
    },
    takeOver: () => post({ type: 'take_over' }),
    inviteLink: () => (view.invite_path ? new URL(view.invite_path, location.origin).href : ''),
  };
}

const FINAL = new Set(['left', 'removed', 'ended', 'refused', 'failed']);
