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
    h: () => room.toggleHand(),
    a: () => room.admitFirst(),
    '?': () => room.setDialog('shortcuts'),
    escape: () => room.closePanel(),
  };
  // What is open takes the key for itself, and may be gone when the key gets here.
  let taken = false;
  const look = () => (taken = room.dialog() !== null || document.querySelector('[role=menu], [role=listbox]') !== null);
  const press = (event: KeyboardEvent) => {
    if (!on() || taken || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  };
  // Held, the space bar lets a muted person talk; on a button it presses the button.
  let talking = false;
  const hold = (event: KeyboardEvent) => {
    if (event.key !== ' ' || !on() || isTyping(event.target) || isPressable(event.target) || taken) return;
    event.preventDefault();
    if (event.repeat || talking || room.meeting.capture.microphoneOn()) return;
    talking = true;
    void room.toggleMicrophone();
  };
  const release = (event: Event) => {
    if (event instanceof KeyboardEvent && event.key !== ' ') return;
    if (talking && room.meeting.capture.microphoneOn()) void room.toggleMicrophone();
    talking = false;
  };
  const listeners: [string, (event: never) => void][] = [['keydown', press], ['keydown', hold], ['keyup', release], ['blur', release]];
  addEventListener('keydown', look, true);
  for (const [name, listener] of listeners) addEventListener(name, listener as EventListener);
  onCleanup(() => removeEventListener('keydown', look, true));
  onCleanup(() => listeners.forEach(([name, listener]) => removeEventListener(name, listener as EventListener)));
}

const isPressable = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('button, a, [role=menuitem], [role=switch], summary') !== null;

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
