import { Show, type ParentProps } from 'solid-js';
import { t } from '../state/i18n';
import { Icon } from './icon';
import { Door } from './icons';

/** A page outside the meeting: the name at the top, one thing to do in the middle. */
export function Page(props: ParentProps<{ wide?: boolean; home?: boolean }>) {
  return (
    <div class="page">
      <header class="masthead">
        <Show when={props.home} fallback={<a class="brand" href="/"><Brand /></a>}>
          <span class="brand"><Brand /></span>
        </Show>
      </header>
      <main class="page-body" classList={{ wide: Boolean(props.wide) }}>{props.children}</main>
      <footer class="colophon"><a href="/privacy">{t('privacy-link')}</a></footer>
    </div>
  );
}

const Brand = () => (
  <>
    <span class="brand-mark"><Icon of={Door} size={20} /></span>
    {t('brand')}
  </>
);
