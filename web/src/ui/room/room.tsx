import './room.css';
import { createEffect, createSignal, For, on, onCleanup, Show } from 'solid-js';
import { announce, notices } from '../../state/announce';
import type { Place } from '../../media/layout';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';
import { ownHand, watches, whyNot } from '../../state/rights';
import { otherPresenter } from '../../state/sharing';
import { AskedBanner, FrozenBanner } from './asked';
import { ChatPanel } from './chat';
import { CodeDialog } from './code';
import { Controls } from './controls';
import { createDoorbell, DoorBanner } from './door';
import { createHandover } from './roles';
import { EmptyRoom } from './empty';
import { createFullScreen } from './full-screen';
import { InvitationsDialog } from './invitations';
import { LeaveDialog } from './leave';
import { Lock, SafetyBanner } from './lock';
import { OwnTile } from './own-tile';
import { ParticipantsPanel } from './participants';
import { ReportDialog } from './report';
import { SecurityDialog } from './security';
import { SettingsDialog, ShortcutsDialog } from './settings';
import { createShortcuts } from './shortcuts';
import { StageView } from './stage';
import { createWakeLock } from './wake';
import { createAlike } from './who';

export type Panel = 'participants' | 'chat' | null;
export type DialogName = 'code' | 'invitations' | 'leave' | 'report' | 'security' | 'settings' | 'shortcuts' | null;
export type RoomState = ReturnType<typeof createRoomState>;

export default function Room(props: { meeting: Meeting }) {
  const room = createRoomState(props.meeting);
  const view = () => props.meeting.view;
  const [ownPlace, setOwnPlace] = createSignal<Place | null>(null);
  createShortcuts(room);
  createDoorbell(props.meeting);
  createWakeLock();
  return (
    <main class="room" classList={{ 'with-panel': room.panel() !== null, full: room.fullScreen.on() }}>
      <h1 class="only-heard">{view().title || t('stage')}</h1>
      <header class="room-top">
        <Lock safety={view().safety} open={() => room.setDialog('code')} />
        <Show when={view().title}><p class="room-title"><bdi>{view().title}</bdi></p></Show>
      </header>
      <Banners room={room} />
      <div class="stage-area">
        <StageView room={room} ownPlace={setOwnPlace} />
        <Show when={view().phase === 'entering'}><p class="stage-words" role="status">{t('entering')}</p></Show>
        <Show when={view().phase === 'in_meeting' && room.alone()}><EmptyRoom room={room} /></Show>
        <Returning meeting={props.meeting} />
        <OwnTile meeting={props.meeting} place={ownPlace()} />
      </div>
      <Show when={room.panel() === 'participants'}><ParticipantsPanel room={room} /></Show>
      <Show when={room.panel() === 'chat'}><ChatPanel room={room} /></Show>
      <Show when={view().phase === 'in_meeting'}><Controls room={room} /></Show>
      <CodeDialog room={room} />
      <LeaveDialog room={room} />
      <SecurityDialog room={room} />
      <ReportDialog room={room} />
      <InvitationsDialog room={room} />
      <SettingsDialog room={room} />
      <ShortcutsDialog room={room} />
    </main>
  );
}

export function createRoomState(meeting: Meeting) {
  const [panel, setPanel] = createSignal<Panel>(null);
  const [dialog, setDialog] = createSignal<DialogName>(null);
  const [read, setRead] = createSignal(meeting.view.chat.length);
  createEffect(on(() => meeting.view.chat.length, (length) => panel() === 'chat' && setRead(length)));
  createEffect(on(() => dialog() === 'code', (open, before) => {
    if (open !== (before ?? false)) meeting.send({ command: 'show_code', open });
  }));
  onCleanup(() => setPanel(null));
  const fullScreen = createFullScreen(() => otherPresenter(meeting.view.people) !== undefined);
  const toggle = (name: Exclude<Panel, null>) => {
    setPanel(panel() === name ? null : name);
    if (panel() === 'chat') setRead(meeting.view.chat.length);
  };
  return {
    meeting, panel, dialog, setDialog, toggle, fullScreen, alike: createAlike(meeting.view),
    closePanel: () => setPanel(null),
    alone: () => meeting.view.people.every(({ me }) => me),
    unread: () => meeting.view.chat.length > read(),
    async toggleMicrophone() {
      if (!meeting.capture.microphoneOn() && !meeting.view.may.unmute) return announce(whyNot(meeting.view, 'unmute', watches(meeting.view) ? 'only-watching' : 'may-not-unmute'), 'shown');
      await meeting.capture.setMicrophone(!meeting.capture.microphoneOn());
      announce(t(meeting.capture.microphoneOn() ? 'announce-unmuted' : 'announce-muted'));
    },
    toggleCamera() {
      if (!meeting.capture.cameraOn() && !meeting.view.may.video) return announce(whyNot(meeting.view, 'video', watches(meeting.view) ? 'only-watching' : 'may-not-video'), 'shown');
      void meeting.capture.setCamera(!meeting.capture.cameraOn());
    },
    toggleHand() {
      const up = !ownHand(meeting.view);
      meeting.send({ command: 'raise_hand', on: up });
      announce(t(up ? 'announce-own-hand' : 'announce-own-hand-down'));
    },
    /** From a tap or a key: browsers ask for the screen only then. */
    toggleSharing() {
      if (meeting.sharing.sharing()) meeting.sharing.stop();
      else if (meeting.sharing.possible) void meeting.sharing.start();
    },
    /** Whoever of those that can be let in has waited longest. */
    admitFirst() {
      const first = meeting.view.waiting[0];
      if (first) meeting.send({ command: 'admit', knock: first.knock });
    },
    handover: createHandover(meeting),
    leave: () => (meeting.view.host ? setDialog('leave') : meeting.leave()),
  };
}

function Banners(props: { room: RoomState }) {
  const meeting = () => props.room.meeting;
  return (
    <div class="banners">
      <SafetyBanner safety={meeting().view.safety} />
      <FrozenBanner meeting={meeting()} />
      <AskedBanner meeting={meeting()} />
      <DoorBanner room={props.room} />
      <Show when={meeting().peer.soundBlocked()}>
        <div class="banner">
          <p>{t('sound-title')}</p>
          <button class="button primary" onClick={() => meeting().peer.unblockSound()}>{t('sound-on')}</button>
        </div>
      </Show>
      <For each={notices()}>{(notice) => <p class="toast">{notice.text}</p>}</For>
    </div>
  );
}

const Returning = (props: { meeting: Meeting }) => (
  <Show when={props.meeting.view.connection === 'returning' && props.meeting.view.phase === 'in_meeting'}>
    <div class="returning">
      <div role="status">
        <p class="returning-title">{t('returning-title')}</p>
        <p>{t('returning-what')}</p>
      </div>
    </div>
  </Show>
);
