import { createEffect, createSignal, onCleanup } from 'solid-js';

export type FullScreen = ReturnType<typeof createFullScreen>;

/**
 * Nothing but the shared screen, as large as it goes. The whole page goes full screen, so that warnings and dialogs
 * still appear; where the browser has no full screen, the page alone makes room.
 */
export function createFullScreen(wanted: () => boolean) {
  const [on, setOn] = createSignal(false);
  const leave = () => {
    setOn(false);
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => {});
  };
  const enter = () => {
    setOn(true);
    void document.documentElement.requestFullscreen?.().catch(() => {});
  };
  const changed = () => !document.fullscreenElement && setOn(false);
  const escape = (event: KeyboardEvent) => event.key === 'Escape' && on() && leave();
  document.addEventListener('fullscreenchange', changed);
  addEventListener('keydown', escape);
  onCleanup(() => {
    document.removeEventListener('fullscreenchange', changed);
    removeEventListener('keydown', escape);
    leave();
  });
  createEffect(() => !wanted() && on() && leave());
  return { on, toggle: () => (on() ? leave() : enter()) };
}
