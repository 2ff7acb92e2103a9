import { createSignal, Show } from 'solid-js';
import type { Ask, Person } from '../../state/core';
import { t } from '../../state/i18n';
import { whyClosed } from '../../state/rights';
import { Icon } from '../icon';
import { Camera, Check, DoorOpen, Hand, Mic, MicOff, Pencil, ScreenOff, Stage as StageIcon, UserMinus } from '../icons';
import { Action } from './action';
import { HandingOver, Roles } from './roles';
import type { RoomState } from './room';
import { Avatar } from './tile';
import { metWords } from './who';

/** One person in the list; for the host's side with what can be done about them. */
export function PersonRow(props: { person: Person; room: RoomState }) {
  const [renaming, setRenaming] = createSignal(false);
  const may = () => props.room.meeting.view.may;
  const send = (ask: Ask) => () => props.room.meeting.send({ command: 'ask', device: props.person.device, ask });
  const onStage = () => props.person.hand !== null || props.person.role === 'viewer' || (props.room.meeting.view.rules.viewers && props.person.role === 'participant');
  const rename = (name: string) => props.room.meeting.send({ command: 'rename', device: props.person.device, name });
  const isNew = () => props.person.met === 'new_device';
  const notes = () => [
    props.person.me && t('is-you'), t(`role-${props.person.role}`), hand(props.person), isNew() ? '' : metWords(props.person.met), !props.person.connected && t('reconnecting'),
  ].filter(Boolean).join(' · ');
  return (
    <li class="person">
      <Avatar name={props.person.name} />
      <Show when={renaming()} fallback={
        <span class="person-name"><bdi>{props.person.name}</bdi><small>{notes()}</small>
          <Show when={isNew()}><small class="warn">{metWords(props.person.met)}</small></Show>
          <Show when={props.room.alike().get(props.person.device)}>{(words) => <small class="warn">{words()}</small>}</Show></span>
      }>
        <Rename name={props.person.name} save={rename} done={() => setRenaming(false)} />
      </Show>
      <Show when={props.room.handover.heir() !== props.person.device} fallback={<HandingOver person={props.person} room={props.room} />}>
        <span class="person-acts">
          <Show when={may().control && !props.person.me && !renaming()} fallback={<MicState on={props.person.mic_on} />}>
            <Show when={props.person.role !== 'viewer'}><Media person={props.person} room={props.room} send={send} /></Show>
          </Show>
          <Show when={!renaming() && (may().control || (props.person.me && may().rename))}>
            <Action icon={Pencil} label={t('rename-name', { name: props.person.name })} press={() => setRenaming(true)} />
          </Show>
          <Show when={may().control && !props.person.me && props.person.role !== 'host' && !renaming()}>
            <Roles person={props.person} room={props.room} />
            <Show when={props.room.meeting.view.rules.consulting && props.room.meeting.view.host}>
              <Action icon={DoorOpen} label={t('see-out-name', { name: props.person.name })}
                press={() => props.room.meeting.send({ command: 'see_out', device: props.person.device })} />
            </Show>
            <Action icon={UserMinus} label={t('remove-name', { name: props.person.name })}
              press={() => props.room.meeting.send({ command: 'remove', device: props.person.device })} />
          </Show>
        </span>
      </Show>
      <Show when={may().control && !props.person.me && !renaming() && onStage()}><Stage person={props.person} room={props.room} send={send} /></Show>
    </li>
  );
}

/** For whoever raises a hand, and whoever is of an audience: below the rest, which then stays where it is. */
function Stage(props: { person: Person; room: RoomState; send: (ask: Ask) => () => void }) {
  const name = () => ({ name: props.person.name });
  const set = (on: boolean) => () => props.room.meeting.send({ command: 'set_stage', device: props.person.device, on });
  return (
    <span class="person-buttons">
      <Show when={props.person.hand !== null}>
        <Action icon={Hand} label={t('lower-hand-name', name())} press={props.send('lower_hand')} />
      </Show>
      <Show when={props.room.meeting.view.rules.viewers && props.person.role === 'participant'}>
        <Action icon={StageIcon} label={t('off-stage-name', name())} press={set(false)} />
      </Show>
      <Show when={props.person.role === 'viewer'}><Action icon={StageIcon} off label={t('on-stage-name', name())} press={set(true)} /></Show>
    </span>
  );
}

/** Where one can be heard and seen, others can be spared it. */
function Media(props: { person: Person; room: RoomState; send: (ask: Ask) => () => void }) {
  const name = () => ({ name: props.person.name });
  /** Asking would be in vain: those who run the server keep participants silent. */
  const silent = () => !props.person.may.control && whyClosed(props.room.meeting.view, 'unmute') !== '';
  return (
    <>
      <Show when={props.person.mic_on} fallback={
        <Show when={!silent()} fallback={<MicState on={false} />}>
          <Action icon={MicOff} off label={t('ask-unmute-name', name())} press={props.send('unmute')} />
        </Show>
      }>
        <Action icon={Mic} label={t('mute-name', name())} press={props.send('mute')} />
      </Show>
      <Show when={props.person.camera_on}>
        <Action icon={Camera} label={t('stop-video-name', name())} press={props.send('stop_video')} />
      </Show>
      <Show when={props.person.screen_on}>
        <Action icon={ScreenOff} label={t('stop-sharing-name', name())} press={props.send('stop_sharing')} />
      </Show>
    </>
  );
}

/** "hand raised", and as which of several. */
const hand = (person: Person) => person.hand !== null && t('hand-raised-place', { place: person.hand + 1 });

const MicState = (props: { on: boolean }) => (
  <span class="person-mic" classList={{ off: !props.on }}>
    <Icon of={props.on ? Mic : MicOff} size={18} />
    <Show when={!props.on}><span class="only-heard">{t('mic-off')}</span></Show>
  </span>
);

export function Rename(props: { name: string; save: (name: string) => void; done: () => void }) {
  let field: HTMLInputElement | undefined;
  const save = (event: Event) => {
    event.preventDefault();
    props.save(field?.value ?? '');
    props.done();
  };
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    props.done();
  };
  return (
    <form class="rename" onSubmit={save} onKeyDown={escape}>
      <input ref={(element) => (field = element, queueMicrotask(() => element.select()))} aria-label={t('new-name-for', { name: props.name })}
        value={props.name} maxlength="60" autofocus />
      <button class="round" type="submit" aria-label={t('save-name')}><Icon of={Check} size={20} /></button>
    </form>
  );
}
