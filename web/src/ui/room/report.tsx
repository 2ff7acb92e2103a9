import { t } from '../../state/i18n';
import ReportForm from '../report';
import { Modal } from './modal';
import type { RoomState } from './room';

export function ReportDialog(props: { room: RoomState }) {
  return <Modal room={props.room} name="report" title={t('report')}><ReportForm /></Modal>;
}
