import { lazy, Match, onMount, Switch } from 'solid-js';
import { spoken } from '../state/announce';
import { t } from '../state/i18n';
import { support } from '../state/support';
import { Home } from './home';
import { MeetingPage } from './meeting-page';
import { NotFound, Unsupported } from './notices';

const Privacy = lazy(() => import('./privacy'));

export function App(props: { path: string }) {
  const room = () => /^\/m\/[^/]+\/?$/.test(props.path);
  onMount(() => {
    document.title = t('page-title');
  });
  return (
    <>
      <Switch fallback={<NotFound />}>
        <Match when={props.path === '/privacy'}><Privacy /></Match>
        <Match when={props.path === '/'}><Home /></Match>
        <Match when={room() && support() !== 'yes'}><Unsupported why={support()} /></Match>
        <Match when={room()}><MeetingPage /></Match>
      </Switch>
      <div class="only-heard" aria-live="polite">{spoken()}</div>
    </>
  );
}
