import { Show } from 'solid-js';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';
import { whyFixed, whyForbidden } from '../../state/rights';

/** The host's passcode: what it is, whether it is closed, and another one. */
export function HostPasscode(props: { meeting: Meeting }) {
  const view = () => props.meeting.view;
  const on = () => view().passcode_shown !== '';
  const forbidden = () => whyForbidden(view(), 'passcode', 'no-passcode');
  const fixed = () => whyFixed(view(), 'passcode');
  const set = (to: boolean) => props.meeting.send({ command: 'set_passcode', on: to });
  return (
    <section class="passcode" aria-label={t('passcode')}>
      <Show when={on()} fallback={<p>{forbidden() || t('passcode-is-off')}</p>}>
        <p>{t('passcode')} <strong class="passcode-text">{view().passcode_shown}</strong></p>
      </Show>
      <Show when={on() && view().passcode_closed}><p class="problem" role="status">{t('passcode-is-closed')}</p></Show>
      <div class="passcode-buttons">
        <Show when={on() && view().passcode_closed}>
          <button class="button small" onClick={() => props.meeting.send({ command: 'reopen_passcode' })}>{t('passcode-reopen')}</button>
        </Show>
        <Show when={on()} fallback={<Show when={!forbidden()}><button class="button small" onClick={() => set(true)}>{t('passcode-on')}</button></Show>}>
          <button class="button small" onClick={() => props.meeting.send({ command: 'new_passcode' })}>{t('passcode-new')}</button>
          <button class="button small" aria-disabled={fixed() ? true : undefined} aria-description={fixed() || undefined} title={fixed() || undefined}
            onClick={() => !fixed() && set(false)}>{t('passcode-off')}</button>
        </Show>
      </div>
    </section>
  );
}
