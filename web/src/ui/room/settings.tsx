import { For } from 'solid-js';
import { t } from '../../state/i18n';
import { DevicePickers, LevelMeter } from '../devices';
import { Modal } from './modal';
import type { RoomState } from './room';
import { setShortcutsOn, shortcutsOn } from './shortcuts';

export function SettingsDialog(props: { room: RoomState }) {
  return (
    <Modal room={props.room} name="settings" title={t('settings')}>
      <LevelMeter track={props.room.meeting.capture.microphone} />
      <DevicePickers capture={props.room.meeting.capture} />
    </Modal>
  );
}

const KEYS = [['M', 'm'], ['V', 'v'], ['S', 's'], ['P', 'p'], ['C', 'c'], ['H', 'h'], ['A', 'a'], ['␣', 'space'], ['?', 'question']] as const;

export function ShortcutsDialog(props: { room: RoomState }) {
  return (
    <Modal room={props.room} name="shortcuts" title={t('shortcuts')}>
      <dl class="keys">
        <For each={KEYS}>{([key, name]) => <div><dt><kbd>{key}</kbd></dt><dd>{t(`shortcut-${name}`)}</dd></div>}</For>
      </dl>
      <label class="check">
        <input type="checkbox" checked={shortcutsOn()} onChange={(event) => setShortcutsOn(event.currentTarget.checked)} />
        {t('shortcuts-on')}
      </label>
    </Modal>
  );
}
