import { Show } from 'solid-js';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';

/** The host asks; only this person can do it. */
export function AskedBanner(props: { meeting: Meeting }) {
  return (
    <Show when={props.meeting.asked()} keyed>{(what) => (
      <div class="banner" role="alertdialog" aria-label={t(`asked-${what}`)}>
        <p>{t(`asked-${what}`)}</p>
        <button class="button small" onClick={() => props.meeting.answer(false)}>{t('not-now')}</button>
        <button class="button small primary" onClick={() => props.meeting.answer(true)}>{t(what === 'unmute' ? 'unmute-me' : 'start-my-video')}</button>
      </div>
    )}</Show>
  );
}

/** What the rules keep everyone from, while they do. */
export function FrozenBanner(props: { meeting: Meeting }) {
  return (
    <Show when={props.meeting.view.rules.frozen}>
      <div class="banner safety" role="status"><p>{t(props.meeting.view.may.control ? 'frozen-host' : 'frozen-guest')}</p></div>
    </Show>
  );
}
