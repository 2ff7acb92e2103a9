import { createSignal, onCleanup } from 'solid-js';
import { loadShortcuts, saveShortcuts } from '../../state/preferences';
import type { RoomState } from './room';

const [on, setOn] = createSignal(loadShortcuts());
export const shortcutsOn = on;
export const setShortcutsOn = (value: boolean) => {
  setOn(value);
  saveShortcuts(value);
};

/** Single keys, which can be switched off; never while someone types or a dialog is open. */
export function createShortcuts(room: RoomState): void {
  const actions: Record<string, () => void> = {
    m: () => void room.toggleMicrophone(),
    v: () => room.toggleCamera(),
    s: () => room.toggleSharing(),
    p: () => room.toggle('participants'),
    c: () => room.toggle('chat'),
    '?': () => room.setDialog('shortcuts'),
    escape: () => room.closePanel(),
  };
  const press = (event: KeyboardEvent) => {
    if (!on() || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target) || room.dialog()) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  };
  addEventListener('keydown', press);
  onCleanup(() => removeEventListener('keydown', press));
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
