import { createSignal, onCleanup, Show } from 'solid-js';
import { announce } from '../../state/announce';
import type { Bytes, Person } from '../../state/core';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';
import { Crown, UserStar } from '../icons';
import { Action } from './action';
import type { RoomState } from './room';

/** A slip of the finger must not give the meeting away: for so long it can be taken back. */
const HAND_OVER_AFTER_MS = 5_000;

/** Whom the host is about to make host in its own place. */
export function createHandover(meeting: Meeting) {
  const [heir, setHeir] = createSignal<Bytes>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    setHeir(undefined);
  };
  onCleanup(stop);
  return {
    heir,
    start({ device, name }: Person) {
      stop();
      setHeir(device);
      announce(t('handing-over', { name }));
      timer = setTimeout(() => {
        stop();
        meeting.send({ command: 'hand_over', device });
      }, HAND_OVER_AFTER_MS);
    },
    cancel() {
      stop();
      announce(t('handing-over-cancelled'), 'shown');
    },
  };
}

/** In the place of everything else that can be done about the heir. */
export const HandingOver = (props: { person: Person; room: RoomState }) => (
  <div class="handing-over">
    <p>{t('handing-over', { name: props.person.name })}</p>
    <button class="button small" autofocus onClick={() => props.room.handover.cancel()}>{t('cancel')}</button>
  </div>
);

/** What the host makes of a person. */
export function Roles(props: { person: Person; room: RoomState }) {
  const name = () => ({ name: props.person.name });
  const cohost = () => props.person.role === 'cohost';
  const set = () => props.room.meeting.send({ command: 'set_cohost', device: props.person.device, on: !cohost() });
  return (
    <Show when={props.room.meeting.view.host}>
      <Action icon={UserStar} off={!cohost()} label={t(cohost() ? 'take-cohost-name' : 'make-cohost-name', name())} press={set} />
      <Action icon={Crown} off label={t('hand-over-name', name())} press={() => props.room.handover.start(props.person)} />
    </Show>
  );
}
