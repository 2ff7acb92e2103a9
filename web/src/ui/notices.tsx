import { createSignal, lazy, Match, Show, Suspense, Switch, type JSX } from 'solid-js';
import type { Support } from '../state/support';
import type { Problem } from '../state/core';
import { t } from '../state/i18n';
import type { Meeting } from '../state/meeting';
import { fragmentOf } from '../state/preferences';
import { Page } from './frame';
import { copyText } from './copy';

/** What happened, why, and what to do; announced at once. */
export function Notice(props: { name: string; children?: JSX.Element }) {
  return (
    <Page>
      <div class="notice" role="alert">
        <h1>{t(`${props.name}-title`)}</h1>
        <p class="lead">{t(`${props.name}-what`)}</p>
      </div>
      <div class="actions">{props.children}</div>
    </Page>
  );
}

const reload = () => location.reload();
const AGAIN: Partial<Record<string, string>> = {
  declined: 'ask-again', locked: 'ask-again', full: 'ask-again', busy: 'ask-again',
  internal: 'reload', version: 'reload', stale_group: 'ask-again', removed: '', ended: '', left: 'rejoin',
};

/** Every way a visit can end or fail. */
export function EndNotice(props: { meeting: Meeting }) {
  const name = () => endOf(props.meeting);
  const again = () => AGAIN[name()] ?? '';
  return (
    <Switch fallback={
      <Notice name={name().replaceAll('_', '-')}>
        <Show when={again()}><button class="button primary large" onClick={reload}>{t(again())}</button></Show>
        <Show when={name() !== 'left'}><a class="button large" href="/">{t('to-home')}</a></Show>
        <Show when={WAS_THERE.includes(name())}><Report /></Show>
      </Notice>
    }>
      <Match when={name() === 'other_tab'}>
        <Notice name="other-tab">
          <button class="button primary large" onClick={() => props.meeting.takeOver()}>{t('use-this-tab')}</button>
        </Notice>
      </Match>
    </Switch>
  );
}

const ReportForm = lazy(() => import('./report'));

/** Ends of a visit after which there may be something to tell. */
const WAS_THERE = ['left', 'removed', 'ended', 'declined'];

function Report() {
  const [open, setOpen] = createSignal(false);
  return (
    <Show when={open()} fallback={<button class="button plain" onClick={() => setOpen(true)}>{t('report')}</button>}>
      <section class="stack">
        <h2 tabindex="-1" ref={(title) => queueMicrotask(() => title.focus())}>{t('report')}</h2>
        <Suspense><ReportForm /></Suspense>
      </section>
    </Show>
  );
}

function endOf({ view, broken }: Meeting): Problem | 'left' | 'removed' | 'ended' {
  if (broken() === 'elsewhere') return 'other_tab';
  if (broken() === 'left') return 'left';
  if (broken() === 'broken') return 'internal';
  if (view.phase === 'left' || view.phase === 'removed' || view.phase === 'ended') return view.phase;
  return view.problem ?? 'internal';
}

export function Unsupported(props: { why: Support }) {
  const link = () => location.origin + location.pathname + (fragmentOf(location.pathname) ? `#${fragmentOf(location.pathname)}` : '');
  const [state, setState] = createSignal<'idle' | 'copied' | 'by-hand'>('idle');
  const copy = async () => setState((await copyText(link())) ? 'copied' : 'by-hand');
  return (
    <Notice name={props.why}>
      <button class="button primary large" onClick={() => void copy()}>{state() === 'copied' ? t('copied') : t('copy-link')}</button>
      <Show when={state() === 'by-hand'}>
        <label class="field">
          <span>{t('copy-by-hand')}</span>
          <input type="text" readonly value={link()} onFocus={(event) => event.currentTarget.select()} />
        </label>
      </Show>
    </Notice>
  );
}

export const NotFound = () => <Notice name="not-found"><a class="button large" href="/">{t('to-home')}</a></Notice>;
