import { For, Show } from 'solid-js';
import { t } from '../../state/i18n';
import { Modal } from './modal';
import type { RoomState } from './room';

/** The numbers that are the same for everyone in one and the same room. */
export function CodeDialog(props: { room: RoomState }) {
  const groups = () => props.room.meeting.view.code?.match(/\d{5}/g) ?? [];
  return (
    <Modal room={props.room} name="code" title={t('code-title')}>
      <p class="lead">{t('code-lead')}</p>
      <Show when={groups().length > 0} fallback={<p>{t('code-none')}</p>}>
        <p class="digits"><For each={groups()}>{(group) => <span>{group} </span>}</For></p>
      </Show>
      <p>{t('code-how')}</p>
      <p class="hint">{t('code-frozen')}</p>
    </Modal>
  );
}
