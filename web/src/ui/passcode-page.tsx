import { createSignal, Show } from 'solid-js';
import { t } from '../state/i18n';
import type { Meeting } from '../state/meeting';
import { whyForbidden } from '../state/rights';
import { Page } from './frame';

/** For someone who has the meeting's address and no link. */
export function PasscodePage(props: { meeting: Meeting }) {
  const view = () => props.meeting.view;
  const state = () => view().passcode.state;
  return (
    <Page>
      <h1>{t('passcode-title')}</h1>
      <Show when={state() !== 'closed'} fallback={<p class="problem" role="alert">{whyForbidden(view(), 'passcode', 'no-passcode') || t('passcode-closed')}</p>}>
        <p class="lead">{t('passcode-lead')}</p>
        <PasscodeForm meeting={props.meeting} />
      </Show>
    </Page>
  );
}

function PasscodeForm(props: { meeting: Meeting }) {
  const [text, setText] = createSignal('');
  const state = () => props.meeting.view.passcode.state;
  const checking = () => state() === 'checking';
  const tries = () => {
    const now = state();
    return typeof now === 'object' ? now.wrong.tries_left : null;
  };
  const go = (event: Event) => {
    event.preventDefault();
    if (!checking()) props.meeting.send({ command: 'passcode', text: text() });
  };
  return (
    <form class="stack" onSubmit={go}>
      <label class="field">
        <span>{t('passcode')}</span>
        <input type="text" autocomplete="off" autocapitalize="characters" spellcheck={false} maxlength={64} placeholder="XXXX-XXXX"
          value={text()} aria-invalid={tries() !== null} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <Show when={tries() !== null}><p class="problem" role="alert">{t('passcode-wrong', { tries: tries() ?? 0 })}</p></Show>
      <button class="button primary large" type="submit" disabled={checking()}>{t('passcode-enter')}</button>
      <p class="hint" role="status">{checking() ? t(props.meeting.view.host_present ? 'passcode-checking' : 'passcode-waiting') : ''}</p>
    </form>
  );
}
