import { createEffect, createSignal, lazy, Match, onMount, Suspense, Switch } from 'solid-js';
import { alreadyAllowed } from '../media/capture';
import { t } from '../state/i18n';
import { createMeeting, type Meeting } from '../state/meeting';
import { Page } from './frame';
import { Lobby } from './lobby';
import { EndNotice } from './notices';
import { PasscodePage } from './passcode-page';
import { Permission } from './permission';
import { WaitingPage } from './waiting-page';

const Room = lazy(() => import('./room/room'));

/** One visit for the page's life: made here, since a call in a property would be made at each look. */
export function MeetingPage() {
  const meeting = createMeeting();
  return <MeetingView meeting={meeting} />;
}

/** `devices`: whether this person has been asked for camera and microphone yet. */
export function MeetingView(props: { meeting: Meeting }) {
  const [devices, setDevices] = createSignal<'unknown' | 'ask' | 'asked'>('unknown');
  const phase = () => props.meeting.view.phase;
  const over = () => props.meeting.broken() !== null || ['left', 'removed', 'ended', 'refused', 'failed'].includes(phase());

  onMount(async () => {
    if (!props.meeting.inside() && !(await alreadyAllowed())) return setDevices('ask');
    await props.meeting.capture.start(true);
    setDevices('asked');
  });
  createEffect(() => {
    document.title = props.meeting.view.waiting.length > 0 ? t('page-title-waiting') : t('page-title');
  });

  return (
    <Switch>
      <Match when={over()}><EndNotice meeting={props.meeting} /></Match>
      <Match when={phase() === 'entering' || phase() === 'in_meeting'}>
        <Suspense fallback={<Opening words="entering" />}><Room meeting={props.meeting} /></Suspense>
      </Match>
      <Match when={props.meeting.view.passcode.needed}><PasscodePage meeting={props.meeting} /></Match>
      <Match when={phase() === 'waiting'}><WaitingPage meeting={props.meeting} /></Match>
      <Match when={props.meeting.inside() && phase() === 'opening'}><Opening words="coming-back" /></Match>
      <Match when={devices() === 'ask'}>
        <Permission meeting={props.meeting} done={() => setDevices('asked')} />
      </Match>
      <Match when={devices() === 'asked'}><Lobby meeting={props.meeting} /></Match>
      <Match when={devices() === 'unknown'}><Opening words="opening" /></Match>
    </Switch>
  );
}

const Opening = (props: { words: string }) => (
  <Page><div role="status"><h1 class="hush">{t(props.words)}</h1></div></Page>
);
