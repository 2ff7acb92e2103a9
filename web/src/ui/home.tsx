import { createSignal, For, Show } from 'solid-js';
import type { FromCore, ToCore } from '../core-worker/protocol';
import { t } from '../state/i18n';
import { loadName } from '../state/preferences';
import { Page } from './frame';
import { readLink } from './read-link';

export function Home() {
  return (
    <Page home>
      <h1>{t('tagline')}</h1>
      <p class="lead">{t('home-lead')}</p>
      <NewMeeting />
      <p class="or"><span>{t('home-or')}</span></p>
      <JoinMeeting />
      <ul class="points">
        <For each={[1, 2, 3]}>{(point) => (
          <li><strong>{t(`home-point-${point}`)}</strong> {t(`home-point-${point}-more`)}</li>
        )}</For>
      </ul>
    </Page>
  );
}

function NewMeeting() {
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal('');
  const create = async () => {
    setBusy(true);
    setProblem('');
    const answer = await createdBy({ type: 'create', origin: location.origin, name: loadName() });
    if (answer.type === 'created') return location.assign(answer.path);
    setProblem(answer.type === 'not_created' ? `create-${answer.why}` : 'create-broken');
    setBusy(false);
  };
  return (
    <>
      <button class="button primary large" disabled={busy()} onClick={() => void create()}>
        {busy() ? t('new-meeting-busy') : t('new-meeting')}
      </button>
      <Show when={problem()}><p class="problem" role="alert">{t(problem())}</p></Show>
    </>
  );
}

function createdBy(request: ToCore): Promise<FromCore> {
  const worker = new Worker(new URL('../core-worker/index.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve) => {
    worker.onmessage = (event: MessageEvent<FromCore>) => resolve(event.data);
    worker.onerror = () => resolve({ type: 'broken' });
    worker.postMessage(request);
  });
}

function JoinMeeting() {
  const [text, setText] = createSignal('');
  const [problem, setProblem] = createSignal('');
  const go = (event: Event) => {
    event.preventDefault();
    const found = readLink(text(), location.origin);
    if (found.startsWith('/')) location.assign(found);
    else setProblem(found);
  };
  return (
    <form class="join-form" onSubmit={go}>
      <label class="field">
        <span>{t('meeting-link')}</span>
        <input type="text" autocomplete="off" spellcheck={false} value={text()} aria-invalid={problem() !== ''}
          onInput={(event) => { setText(event.currentTarget.value); setProblem(''); }} />
      </label>
      <button class="button" type="submit">{t('join')}</button>
      <Show when={problem()}><p class="problem" role="alert">{t(problem())}</p></Show>
    </form>
  );
}
