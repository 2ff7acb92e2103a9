import { DropdownMenu } from '@kobalte/core/dropdown-menu';
import { Show } from 'solid-js';
import { t } from '../../state/i18n';
import { ownHand } from '../../state/rights';
import { Icon, type IconShape } from '../icon';
import { Camera, CameraOff, Chat, Flag, Hand, Keyboard, Leave, Mic, MicOff, More, People, Screen, Shield, Sliders } from '../icons';
import type { RoomState } from './room';
import { ShareBar } from './share-bar';
import { MutedHint } from './talk';

/** One bar, bottom centre. */
export function Controls(props: { room: RoomState }) {
  const capture = () => props.room.meeting.capture;
  const waiting = () => props.room.meeting.view.waiting.length;
  const may = () => props.room.meeting.view.may;
  return (
    <div class="controls-area" role="toolbar" aria-label={t('call-controls')} onKeyDown={moveFocus}>
      <Show when={props.room.meeting.sharing.sharing()}><ShareBar sharing={props.room.meeting.sharing} /></Show>
      <div class="controls">
        <Control icon={capture().microphoneOn() ? Mic : MicOff} label={t(capture().microphoneOn() ? 'mute' : 'unmute')}
          off={!capture().microphoneOn()} barred={!capture().microphoneOn() && !may().unmute} press={() => void props.room.toggleMicrophone()} />
        <MutedHint meeting={props.room.meeting} />
        <Control icon={capture().cameraOn() ? Camera : CameraOff} label={t(capture().cameraOn() ? 'stop-video' : 'start-video')}
          off={!capture().cameraOn()} barred={!capture().cameraOn() && !may().video} press={() => props.room.toggleCamera()} />
        <Show when={props.room.meeting.sharing.possible}><ShareControl room={props.room} /></Show>
        <Control icon={Hand} label={t(ownHand(props.room.meeting.view) ? 'lower-hand' : 'raise-hand')} short={t('hand')}
          kind={ownHand(props.room.meeting.view) ? 'raised' : ''} press={() => props.room.toggleHand()} />
        <Control icon={People} label={t('participants')} open={props.room.panel() === 'participants'} press={() => props.room.toggle('participants')}
          says={waiting() > 0 ? t('participants-waiting', { count: waiting() }) : ''} badge={waiting() > 0 ? String(waiting()) : undefined} />
        <Control icon={Chat} label={t('chat')} open={props.room.panel() === 'chat'} press={() => props.room.toggle('chat')}
          says={props.room.unread() ? t('chat-new') : ''} badge={props.room.unread() ? '' : undefined} />
        <Show when={may().control}>
          <Control icon={Shield} label={t('security')} press={() => props.room.setDialog('security')} />
        </Show>
        <MoreMenu room={props.room} />
        <Control icon={Leave} label={t('leave')} kind="leave" press={() => props.room.leave()} />
      </div>
    </div>
  );
}

/** While sharing, the bar above holds the button to stop; its place here stays, so that the others do not move. */
function ShareControl(props: { room: RoomState }) {
  const sharing = () => props.room.meeting.sharing;
  return (
    <Show when={!sharing().sharing()} fallback={
      <span class="control sharing" aria-hidden="true"><span class="control-icon"><Icon of={Screen} size={24} /></span><span class="control-label">{t('sharing')}</span></span>
    }>
      <Control icon={Screen} label={t('share-screen')} short={t('share')} why={sharing().obstacle()} press={() => props.room.toggleSharing()} />
    </Show>
  );
}

interface ControlProps {
  icon: IconShape;
  label: string;
  press: () => void;
  off?: boolean;
  /** The rules do not allow it; pressing says so. */
  barred?: boolean;
  open?: boolean;
  kind?: string;
  /** A shorter word to show; the name stays the label. */
  short?: string;
  /** More about the control, for screen readers. */
  says?: string;
  /** Why it does nothing just now. It can still be reached and pressed, and then says so. */
  why?: string;
  /** A number on the icon, or a dot when it is empty. */
  badge?: string | undefined;
}

function Control(props: ControlProps) {
  return (
    <button class={`control ${props.kind ?? ''}`} classList={{ off: props.off ?? false }} aria-label={props.label}
      aria-description={props.says || props.why || undefined} aria-disabled={props.barred || props.why ? true : undefined} title={props.why || undefined} aria-expanded={props.open} onClick={() => props.press()}>
      <span class="control-icon" classList={{ badge: props.badge !== undefined }} data-badge={props.badge}><Icon of={props.icon} size={24} /></span>
      <span class="control-label">{props.short ?? props.label}</span>
    </button>
  );
}

function MoreMenu(props: { room: RoomState }) {
  return (
    <DropdownMenu placement="top" gutter={12} modal={false}>
      <DropdownMenu.Trigger class="control" aria-label={t('more')}>
        <span class="control-icon"><Icon of={More} size={24} /></span>
        <span class="control-label">{t('more')}</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Content class="menu">
        <DropdownMenu.Item class="menu-item" onSelect={() => props.room.setDialog('settings')}>
          <Icon of={Sliders} size={20} />{t('settings')}
        </DropdownMenu.Item>
        <DropdownMenu.Item class="menu-item" onSelect={() => props.room.setDialog('shortcuts')}>
          <Icon of={Keyboard} size={20} />{t('shortcuts')}
        </DropdownMenu.Item>
        <DropdownMenu.Item class="menu-item" onSelect={() => props.room.setDialog('report')}>
          <Icon of={Flag} size={20} />{t('report')}
        </DropdownMenu.Item>
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}

/** Arrow keys walk along the bar, as in any toolbar. */
function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }) {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
  if (here < 0) return;
  buttons[(here + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}
