import { For, Show } from 'solid-js';
import { t } from '../state/i18n';
import type { Meeting } from '../state/meeting';
import { OwnVideo, Switches } from './devices';
import { Page } from './frame';

/** In the waiting room: where you are, what happens next, nothing to do. */
export function WaitingPage(props: { meeting: Meeting }) {
  const view = () => props.meeting.view;
  const capture = () => props.meeting.capture;
  const words = () => {
    if (view().connection === 'returning') return t('waiting-dropped');
    return t(view().host_present ? 'waiting-calm' : 'waiting-away', { host: view().host_name || t('the-host') });
  };
  return (
    <Page>
      <div class="waiting">
        <Show when={capture().cameraOn()}>
          <div class="waiting-picture"><OwnVideo track={capture().camera} label={t('your-camera')} /></div>
        </Show>
        <h1>{t('waiting-title')}</h1>
        <p class="lead">{words()}</p>
        <p class="waiting-status" role="status">
          <span class="breath" aria-hidden="true" />
          <span><Show when={view().host_knows}>{t('waiting-known')} </Show>{t('waiting-status')}</span>
        </p>
        <div class="waiting-told" role="status" aria-label={t('waiting-told-by')}>
          <For each={view().told}>{(text) => <p><bdi>{text}</bdi></p>}</For>
        </div>
        <div class="waiting-controls">
          <Switches capture={capture()} />
          <button class="button large" onClick={() => props.meeting.leave()}>{t('leave')}</button>
        </div>
      </div>
    </Page>
  );
}
