import { onCleanup, onMount, type ParentProps } from 'solid-js';
import { t } from '../../state/i18n';
import { Icon } from '../icon';
import { Close } from '../icons';

/** A panel at the side, from below on a phone. Escape closes it and gives the focus back. */
export function SidePanel(props: ParentProps<{ title: string; close: () => void; focus?: boolean }>) {
  let panel: HTMLElement | undefined;
  const before = document.activeElement;
  onMount(() => props.focus !== false && panel?.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true }));
  onCleanup(() => before instanceof HTMLElement && before.isConnected && before.focus());
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    props.close();
  };
  return (
    <section class="panel" aria-label={props.title} ref={(element) => (panel = element)} onKeyDown={escape}>
      <header class="panel-head">
        <h2 tabindex="-1">{props.title}</h2>
        <button class="round" aria-label={t('close')} onClick={() => props.close()}><Icon of={Close} /></button>
      </header>
      {props.children}
    </section>
  );
}
