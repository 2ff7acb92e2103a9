import { onCleanup, onMount } from 'solid-js';

/** Keeps a phone's screen on during the meeting, where the browser lets us. */
export function createWakeLock(): void {
  let lock: WakeLockSentinel | undefined;
  let over = false;
  const hold = async () => {
    if (document.visibilityState !== 'visible' || !navigator.wakeLock) return;
    lock = await navigator.wakeLock.request('screen').catch(() => undefined);
    if (over) void lock?.release();
  };
  const again = () => void hold();
  onMount(() => {
    void hold();
    document.addEventListener('visibilitychange', again);
  });
  onCleanup(() => {
    over = true;
    document.removeEventListener('visibilitychange', again);
    void lock?.release();
  });
}
