import { createSignal, Show } from 'solid-js';
import { announce } from '../../state/announce';
import { t } from '../../state/i18n';
import { copyText } from '../copy';
import { Icon } from '../icon';
import { Check, Copy, Door, Mail } from '../icons';
import type { IconShape } from '../icon';
import type { RoomState } from './room';

/** Alone in the room: the link for the host, patience for everyone else. */
export function EmptyRoom(props: { room: RoomState }) {
  const link = () => props.room.meeting.inviteLink();
  const invite = () => props.room.meeting.view.may.control && link() !== '';
  return (
    <section class="empty">
      <Show when={invite()} fallback={<><h2>{t('alone-title')}</h2><p>{t('alone-what')}</p></>}>
        <h2>{t('empty-title')}</h2>
        <p>{t('empty-what')}</p>
        <Show when={props.room.panel() !== 'participants'}>
          <div class="empty-buttons">
            <CopyInvite link={link()} />
            <CopyButton icon={Mail} label={t('copy-invitation')} text={t('invitation', { link: link() })} />
          </div>
        </Show>
        <blockquote class="invitation">{t('invitation', { link: short(link()) })}</blockquote>
        <Show when={props.room.meeting.view.passcode_shown}>{(passcode) => <p>{t('empty-passcode', { passcode: passcode() })}</p>}</Show>
        <p class="door-words"><Icon of={Door} size={18} />{t('empty-door')}</p>
      </Show>
    </section>
  );
}

/** Enough of the link to recognise it; its secret part need not stand on the screen. */
const short = (link: string) => `${link.split('#')[0] ?? ''}#…`;

export const CopyInvite = (props: { link: string }) => <CopyButton icon={Copy} label={t('copy-invite')} text={props.link} primary />;

/** `of`: the element that says what is copied, where the label alone does not. */
export function CopyButton(props: { icon: IconShape; label: string; text: string; primary?: boolean; small?: boolean; of?: string }) {
  const [copied, setCopied] = createSignal(false);
  const copy = async () => {
    if (!(await copyText(props.text))) return;
    setCopied(true);
    announce(t('announce-copied'));
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <span class="copy">
      <button class="button" classList={{ primary: props.primary ?? false, small: props.small ?? false }} aria-describedby={props.of} onClick={() => void copy()}>
        <Icon of={copied() ? Check : props.icon} size={20} />{props.label}
      </button>
      <Show when={copied()}><span class="copied">{t('copied')}</span></Show>
    </span>
  );
}
