import { createSignal, For, onCleanup, onMount, Show } from 'solid-js';
import { permission } from '../media/capture';
import { t } from '../state/i18n';
import type { Meeting } from '../state/meeting';
import { family } from '../state/support';
import { Page } from './frame';

/** Says what the browser is about to ask, then lets it ask; a refusal shows the way back. */
export function Permission(props: { meeting: Meeting; done: () => void }) {
  const [state, setState] = createSignal<'before' | 'asking' | 'refused'>('before');
  const ask = async (camera: boolean) => {
    setState('asking');
    await props.meeting.capture.start(camera);
    const refused = Object.values(props.meeting.capture.refusals()).includes('denied');
    if (refused) setState('refused');
    else props.done();
  };
  return (
    <Page>
      <Show when={state() === 'refused'} fallback={
        <>
          <h1>{t('permission-title')}</h1>
          <p class="lead">{state() === 'asking' ? t('permission-asking') : t('permission-lead')}</p>
          <div class="actions">
            <button class="button primary large" data-testid="allow-devices" disabled={state() === 'asking'} onClick={() => void ask(true)}>
              {t('permission-continue')}
            </button>
            <button class="button large" disabled={state() === 'asking'} onClick={() => void ask(false)}>{t('permission-without')}</button>
          </div>
        </>
      }>
        <Refused retry={() => void ask(true)} without={() => void ask(false)} skip={props.done} />
      </Show>
    </Page>
  );
}

function Refused(props: { retry: () => void; without: () => void; skip: () => void }) {
  onMount(() => watchPermission(() => props.retry()));
  return (
    <>
      <div role="alert">
        <h1>{t('refused-title')}</h1>
        <p class="lead">{t('refused-lead')}</p>
        <ol class="steps">
          <For each={[1, 2]}>{(step) => <li>{t(`refused-${family()}-${step}`)}</li>}</For>
        </ol>
      </div>
      <div class="actions">
        <button class="button primary large" onClick={() => props.retry()}>{t('try-again')}</button>
        <button class="button large" onClick={() => props.without()}>{t('permission-without')}</button>
        <button class="button plain" onClick={() => props.skip()}>{t('join-without-both')}</button>
      </div>
    </>
  );
}

/** Goes on by itself once the person has changed the browser's mind. */
async function watchPermission(allowed: () => void) {
  let over = false;
  onCleanup(() => (over = true));
  for (const name of ['camera', 'microphone']) {
    const status = await permission(name);
    if (status) status.onchange = () => !over && status.state !== 'denied' && allowed();
  }
}
