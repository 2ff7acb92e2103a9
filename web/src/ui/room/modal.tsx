import { Dialog } from '@kobalte/core/dialog';
import type { ParentProps } from 'solid-js';
import { t } from '../../state/i18n';
import { Icon } from '../icon';
import { Close } from '../icons';
import type { DialogName, RoomState } from './room';

export function Modal(props: ParentProps<{ room: RoomState; name: Exclude<DialogName, null>; title: string }>) {
  return (
    <Dialog open={props.room.dialog() === props.name} onOpenChange={(open) => !open && props.room.setDialog(null)}>
      <Dialog.Portal>
        <Dialog.Overlay class="veil" />
        <Dialog.Content class="dialog">
          <header class="panel-head">
            <Dialog.Title as="h2">{props.title}</Dialog.Title>
            <Dialog.CloseButton class="round" aria-label={t('close')}><Icon of={Close} /></Dialog.CloseButton>
          </header>
          {props.children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog>
  );
}
