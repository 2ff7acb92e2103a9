import { createSignal, For, Show } from 'solid-js';
import { announce } from '../../state/announce';
import type { View, Waiting } from '../../state/core';
import { t } from '../../state/i18n';
import { whyForbidden } from '../../state/rights';
import { Ban, Pencil } from '../icons';
import { Action } from './action';
import { CopyInvite } from './empty';
import { SidePanel } from './panel';
import { PersonRow, Rename } from './person';
import { HostPasscode } from './passcode';
import type { RoomState } from './room';
import { Avatar } from './tile';
import { metWords } from './who';

export function ParticipantsPanel(props: { room: RoomState }) {
  const meeting = () => props.room.meeting;
  const view = () => meeting().view;
  const noInvitations = () => whyForbidden(view(), 'personal-invitations', 'no-personal-invitations');
  return (
    <SidePanel title={t('participants')} close={() => props.room.closePanel()}>
      <div class="panel-body">
        <Show when={view().waiting.length > 0}><WaitingRoom room={props.room} /></Show>
        <h3 id="in-the-meeting">{t('in-the-meeting')} <span class="count">{view().people.length}</span></h3>
        <ul class="people" aria-labelledby="in-the-meeting" aria-label={t('in-the-meeting')}>
          <For each={view().people}>{(person) => <PersonRow person={person} room={props.room} />}</For>
        </ul>
        <Show when={view().may.control && view().people.length > 1}>
          <button class="button small" onClick={() => meeting().send({ command: 'ask', device: null, ask: 'mute' })}>{t('mute-all')}</button>
        </Show>
      </div>
      <Show when={meeting().inviteLink()}>
        <footer class="panel-foot">
          <Show when={view().host}>
            <HostPasscode meeting={meeting()} />
            <Show when={!noInvitations()} fallback={<p class="quiet">{noInvitations()}</p>}>
              <button class="button" onClick={() => props.room.setDialog('invitations')}>{t('personal-invitations')}</button>
            </Show>
          </Show>
          <CopyInvite link={meeting().inviteLink()} />
        </footer>
      </Show>
    </SidePanel>
  );
}

function WaitingRoom(props: { room: RoomState }) {
  const meeting = () => props.room.meeting;
  const waiting = () => meeting().view.waiting;
  const held = () => (waiting().some((one) => one.held) ? whyHeld(meeting().view) : '');
  return (
    <>
      <h3>{t('waiting-room')} <span class="count">{waiting().length}</span></h3>
      <TellWaiting room={props.room} />
      <ul class="people" aria-label={t('waiting-room')}>
        <For each={waiting()}>{(one) => <WaitingRow one={one} room={props.room} />}</For>
      </ul>
      <Show when={held()}><p class="quiet" id={HELD}>{held()}</p></Show>
      <Show when={waiting().length > 1 && !meeting().view.rules.consulting}>
        <button class="button small" onClick={() => meeting().send({ command: 'admit_all' })}>{t('admit-all')}</button>
      </Show>
    </>
  );
}

/** Each hears it alone, and learns of nobody else. */
function TellWaiting(props: { room: RoomState }) {
  const [text, setText] = createSignal('');
  const send = (event: Event) => {
    event.preventDefault();
    if (text().trim() === '') return;
    props.room.meeting.send({ command: 'tell', text: text() });
    setText('');
    announce(t('sent-to-waiting'), 'shown');
  };
  return (
    <form class="rename tell" onSubmit={send}>
      <input aria-label={t('message-to-waiting')} placeholder={t('message-to-waiting')} value={text()} maxlength="500" autocomplete="off"
        onInput={(event) => setText(event.currentTarget.value)} />
      <button class="button small" type="submit">{t('send-to-waiting')}</button>
    </form>
  );
}

function WaitingRow(props: { one: Waiting; room: RoomState }) {
  const [renaming, setRenaming] = createSignal(false);
  const invited = () => props.one.invited_as;
  const rename = (name: string) => props.room.meeting.send({ command: 'rename_waiting', knock: props.one.knock, name });
  return (
    <li class="person">
      <Avatar name={props.one.name} />
      <Show when={renaming()} fallback={
        <span class="person-name">
          <bdi>{props.one.name}</bdi>
          <Show when={props.room.alike().get(props.one.device)}>{(words) => <small class="warn">{words()}</small>}</Show>
          <Show when={invited()}>{(label) => <small>{t('invited-as', { label: label() })}</small>}</Show>
          <Show when={props.one.new_device}><small class="warn">{t('new-device')}</small></Show>
          <Show when={metWords(props.one.met)}>{(words) => <small classList={{ warn: props.one.met === 'new_device' }}>{words()}</small>}</Show>
        </span>
      }>
        <Rename name={props.one.name} save={rename} done={() => setRenaming(false)} />
      </Show>
      <Show when={!renaming()}><WaitingDeeds one={props.one} room={props.room} rename={() => setRenaming(true)} /></Show>
    </li>
  );
}

function WaitingDeeds(props: { one: Waiting; room: RoomState; rename: () => void }) {
  return (
    <>
      <Action icon={Pencil} label={t('rename-name', { name: props.one.name })} press={props.rename} />
      <Action icon={Ban} label={t('block-name', { name: props.one.name })} press={() => props.room.meeting.send({ command: 'block', knock: props.one.knock })} />
      <AdmitDecline one={props.one} room={props.room} />
    </>
  );
}

/** What describes an **Admit** that does nothing yet. */
export const HELD = 'why-held';

/** Why nobody gets in, or the next party waits, with the names of those of the one before. */
export function whyHeld(view: View): string {
  if (view.rules.frozen) return t('held-stopped');
  if (view.rules.locked) return t('held-locked');
  const here = view.people.filter((person) => person.role === 'participant' || person.role === 'viewer');
  return here.length === 0 ? t('held-entering') : t('held-by', { names: here.map((person) => person.name).join(', '), count: here.length });
}

export function AdmitDecline(props: { one: Waiting; room: RoomState }) {
  const send = (command: 'admit' | 'decline') => props.room.meeting.send({ command, knock: props.one.knock });
  return (
    <span class="person-buttons">
      <button class="button small" aria-label={t('decline-name', { name: props.one.name })} onClick={() => send('decline')}>{t('decline')}</button>
      <button class="button small primary" aria-label={t('admit-name', { name: props.one.name })} aria-disabled={props.one.held}
        aria-describedby={props.one.held ? HELD : undefined} onClick={() => props.one.held || send('admit')}>{t('admit')}</button>
    </span>
  );
}
