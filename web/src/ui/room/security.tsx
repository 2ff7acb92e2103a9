import { createSignal, For, Show } from 'solid-js';
import { announce } from '../../state/announce';
import type { Bytes, Right, Rule, Rules } from '../../state/core';
import { t } from '../../state/i18n';
import { whyFixed } from '../../state/rights';
import { Icon } from '../icon';
import { Padlock } from '../icons';
import { leaveLine } from './focus';
import { Modal } from './modal';
import type { RoomState } from './room';

/** What the host's side decides. Each switch is a rule for the keys and the server alike. */
export function SecurityDialog(props: { room: RoomState }) {
  const meeting = () => props.room.meeting;
  const rules = () => meeting().view.rules;
  const fixed = (name: string) => whyFixed(meeting().view, name);
  const set = (rule: Rule) => (on: boolean) => meeting().send({ command: 'set_rule', rule, on });
  return (
    <Modal room={props.room} name="security" title={t('security')}>
      <div class="rules">
        <Switch name="lock-meeting" on={rules().locked} set={set('lock')} says="lock-meeting-more" />
        <WaitingRoomSwitch room={props.room} />
        <Switch name="consulting-mode" on={rules().consulting} set={set('consulting')} says="consulting-mode-more" fixed={fixed('consulting')} />
        <Switch name="viewers" on={rules().viewers} set={set('viewers')} says="viewers-more" fixed={fixed('viewers')} />
        <Switch name="join-muted" on={rules().join_muted} set={set('join_muted')} says="join-muted-more" fixed={fixed('join-muted')} />
        <Switch name="join-camera-off" on={rules().join_camera_off} set={set('join_camera_off')} fixed={fixed('join-camera-off')} />
      </div>
      <fieldset class="rules">
        <legend>{t('participants-can')}</legend>
        <For each={RIGHTS}>{([right, name]) => <Switch name={name} on={rules()[right]} set={set(right)} fixed={fixed(right)} />}</For>
        <Switch name="several-presenters" on={rules().several_presenters} set={set('several_presenters')} fixed={fixed('several-presenters')} />
      </fieldset>
      <Show when={meeting().view.host}><Links room={props.room} /></Show>
      <Show when={meeting().view.banned.length > 0}><Banned room={props.room} /></Show>
      <Freeze rules={rules()} set={set('freeze')} report={() => props.room.setDialog('report')} />
    </Modal>
  );
}

/** Turning it off is asked once more, in words; on again it is at once. */
function WaitingRoomSwitch(props: { room: RoomState }) {
  let box!: HTMLInputElement;
  const [asking, setAsking] = createSignal(false);
  const open = () => props.room.meeting.view.rules.auto_admit;
  const fixed = () => whyFixed(props.room.meeting.view, 'waiting-room');
  const answered = () => {
    setAsking(false);
    box.focus();
  };
  const set = (on: boolean, cap: number) => {
    answered();
    props.room.meeting.send({ command: 'set_waiting_room', on, cap });
  };
  const says = () => {
    const terms = open();
    if (!terms) return t('waiting-room-more');
    return t('waiting-room-off-more', { cap: terms.cap, time: new Date(terms.until).toLocaleTimeString([], { timeStyle: 'short' }) });
  };
  return (
    <>
      <label class="rule" classList={{ fixed: Boolean(fixed()) }}>
        <span>{t('waiting-room')}<small>{says()}</small><WhyFixed name="waiting-room" why={fixed()} /></span>
        <input ref={box} type="checkbox" role="switch" aria-label={t('waiting-room')} checked={!open()} aria-checked={!open()} {...locked('waiting-room', fixed())}
          onClick={(event) => fixed() && event.preventDefault()} onChange={(event) => {
          if (event.currentTarget.checked) return set(true, CAP);
          event.currentTarget.checked = true;
          setAsking(true);
        }} />
      </label>
      <Show when={asking() && !open()}><OpenDoor set={(cap) => set(false, cap)} cancel={answered} /></Show>
      <Show when={open()?.shared_links === false}>
        <p role="status">{t('waiting-room-suspended')} <button class="button small" onClick={() => set(false, open()?.cap ?? CAP)}>{t('waiting-room-open-again')}</button></p>
      </Show>
    </>
  );
}

/** How many people a door without a doorkeeper lets in, unless the host says otherwise. */
const CAP = 100;

function OpenDoor(props: { set: (cap: number) => void; cancel: () => void }) {
  const [cap, setCap] = createSignal(CAP);
  const submit = (event: Event) => {
    event.preventDefault();
    props.set(cap());
  };
  return (
    <form class="invite" onSubmit={submit}>
      <p>{t('waiting-room-ask')}</p>
      <label class="field">
        <span>{t('waiting-room-cap')}</span>
        <input type="number" min="2" max="1000" required value={cap()} onInput={(event) => setCap(event.currentTarget.valueAsNumber)} />
      </label>
      <div class="passcode-buttons">
        <button class="button primary" type="submit">{t('waiting-room-off')}</button>
        <button class="button" type="button" onClick={() => props.cancel()}>{t('cancel')}</button>
      </div>
    </form>
  );
}

const RIGHTS: [Right, string][] = [
  ['share', 'share-screen'], ['unmute', 'unmute-themselves'], ['video', 'start-video'], ['chat', 'chat'], ['rename', 'rename-themselves'],
];

/** `fixed`: why it cannot be turned. It can still be reached, and then says so. */
function Switch(props: { name: string; on: boolean; set: (on: boolean) => void; says?: string; fixed?: string }) {
  return (
    <label class="rule" classList={{ fixed: Boolean(props.fixed) }}>
      <span>{t(props.name)}<Show when={props.says}>{(says) => <small>{t(says())}</small>}</Show><WhyFixed name={props.name} why={props.fixed} /></span>
      <input type="checkbox" role="switch" aria-label={t(props.name)} checked={props.on} aria-checked={props.on} {...locked(props.name, props.fixed)}
        onClick={(event) => props.fixed && event.preventDefault()} onChange={(event) => props.set(event.currentTarget.checked)} />
    </label>
  );
}

const WhyFixed = (props: { name: string; why?: string | undefined }) => (
  <Show when={props.why}>{(why) => <small id={`fixed-${props.name}`}><Icon of={Padlock} size={14} /> {why()}</small>}</Show>
);

const locked = (name: string, why?: string) => (why ? { 'aria-disabled': true, 'aria-describedby': `fixed-${name}` } as const : {});

/** What lets people knock, and how to make the old ones useless. */
function Links(props: { room: RoomState }) {
  const send = (command: 'change_link' | 'new_passcode', done: string) => () => {
    props.room.meeting.send({ command });
    announce(t(done), 'shown');
  };
  return (
    <section class="rules">
      <p>{t('links-more')}</p>
      <div class="passcode-buttons">
        <button class="button" onClick={send('change_link', 'link-changed')}>{t('change-link')}</button>
        <Show when={props.room.meeting.view.passcode_shown !== ''}>
          <button class="button" onClick={send('new_passcode', 'passcode-changed')}>{t('passcode-new')}</button>
        </Show>
      </div>
    </section>
  );
}

/** For the moment when something goes badly wrong. */
function Freeze(props: { rules: Rules; set: (on: boolean) => void; report: () => void }) {
  return (
    <section class="freeze">
      <p>{t(props.rules.frozen ? 'frozen-more' : 'stop-everything-more')}</p>
      <button class="button" classList={{ danger: !props.rules.frozen, primary: props.rules.frozen }} onClick={() => props.set(!props.rules.frozen)}>
        {t(props.rules.frozen ? 'resume' : 'stop-everything')}
      </button>
      <button class="button" onClick={() => props.report()}>{t('report')}</button>
    </section>
  );
}

function Banned(props: { room: RoomState }) {
  const name = (known: string) => known || t('someone');
  const allow = (event: MouseEvent, device: Bytes) => {
    leaveLine(event);
    props.room.meeting.send({ command: 'unblock', device });
  };
  return (
    <section>
      <h3 id="kept-out">{t('kept-out')}</h3>
      <ul class="people" aria-labelledby="kept-out">
        <For each={props.room.meeting.view.banned}>{(one) => (
          <li class="person">
            <span class="person-name"><bdi>{name(one.name)}</bdi></span>
            <Show when={props.room.meeting.view.host}>
              <button class="button small" aria-label={t('allow-again-name', { name: name(one.name) })}
                onClick={(event) => allow(event, one.device)}>{t('allow-again')}</button>
            </Show>
          </li>
        )}</For>
      </ul>
    </section>
  );
}
