import { t } from '../../state/i18n';
import { Modal } from './modal';
import type { RoomState } from './room';

export function LeaveDialog(props: { room: RoomState }) {
  const close = (then: () => void) => () => {
    props.room.setDialog(null);
    then();
  };
  return (
    <Modal room={props.room} name="leave" title={t('leave-title')}>
      <p>{t('leave-host-lead')}</p>
      <div class="actions">
        <button class="button danger large" onClick={close(() => props.room.meeting.send({ command: 'end_for_everyone' }))}>{t('end-for-everyone')}</button>
        <button class="button large" onClick={close(() => props.room.meeting.leave())}>{t('leave-meeting')}</button>
        <button class="button plain" onClick={close(() => {})}>{t('cancel')}</button>
      </div>
    </Modal>
  );
}
