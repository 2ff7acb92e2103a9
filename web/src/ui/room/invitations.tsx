import { createSignal, createUniqueId, For, Show } from 'solid-js';
import type { Invitation } from '../../state/core';
import { t } from '../../state/i18n';
import { Copy } from '../icons';
import { CopyButton } from './empty';
import { leaveLine } from './focus';
import { Modal } from './modal';
import type { RoomState } from './room';

/** The core makes no more than this. */
const MOST = 256;

/** A link for each person: the host sees who comes by it, and can revoke it alone. */
export function InvitationsDialog(props: { room: RoomState }) {
  const invitations = () => props.room.meeting.view.invitations;
  return (
    <Modal room={props.room} name="invitations" title={t('personal-invitations')}>
      <p>{t('invitations-lead')}</p>
      <Show when={invitations().length < MOST} fallback={<p class="problem" role="status">{t('invitations-full', { most: MOST })}</p>}>
        <NewInvitation room={props.room} />
      </Show>
      <ul class="people" aria-label={t('personal-invitations')}>
        <For each={invitations()}>{(one) => <Line one={one} room={props.room} />}</For>
      </ul>
    </Modal>
  );
}

function NewInvitation(props: { room: RoomState }) {
  const [label, setLabel] = createSignal('');
  const [cohost, setCohost] = createSignal(false);
  const create = (event: Event) => {
    event.preventDefault();
    if (label().trim() === '') return;
    props.room.meeting.send({ command: 'invite', label: label(), cohost: cohost() });
    setLabel('');
    setCohost(false);
  };
  return (
    <form class="invite" onSubmit={create}>
      <label class="field">
        <span>{t('invitation-for')}</span>
        <input value={label()} maxlength="60" autocomplete="off" onInput={(event) => setLabel(event.currentTarget.value)} />
      </label>
      <label class="check">
        <input type="checkbox" checked={cohost()} onChange={(event) => setCohost(event.currentTarget.checked)} />
        <span>{t('as-cohost')}<small>{t('as-cohost-more')}</small></span>
      </label>
      <button class="button primary" type="submit">{t('create-link')}</button>
    </form>
  );
}

function Line(props: { one: Invitation; room: RoomState }) {
  const id = createUniqueId();
  const revoke = (event: MouseEvent) => {
    leaveLine(event);
    props.room.meeting.send({ command: 'revoke', invitation: props.one.id });
  };
  const notes = () => [props.one.cohost && t('role-cohost'), t(props.one.device_known ? 'invitation-used' : 'invitation-unused')].filter(Boolean).join(' · ');
  return (
    <li class="person">
      <span class="person-name" id={id}><bdi>{props.one.label}</bdi><small>{notes()}</small></span>
      <CopyButton icon={Copy} label={t('copy-link')} text={new URL(props.one.path, location.origin).href} of={id} small />
      <button class="button small" aria-describedby={id} onClick={revoke}>{t('revoke')}</button>
    </li>
  );
}
