import { createSignal, Show } from 'solid-js';
import { t } from '../state/i18n';
import type { Meeting } from '../state/meeting';
import { loadName } from '../state/preferences';
import { DevicePickers, LevelMeter, Preview, Switches } from './devices';
import { Page } from './frame';

/** Before joining: how you look and sound, your name, one button. */
export function Lobby(props: { meeting: Meeting }) {
  const view = () => props.meeting.view;
  const title = () => {
    if (view().host) return t('lobby-title-host');
    return view().host_name ? t('lobby-title-with', { host: view().host_name }) : t('lobby-title');
  };
  return (
    <Page wide>
      <div class="lobby">
        <section class="lobby-picture">
          <Preview capture={props.meeting.capture} />
          <div class="lobby-switches">
            <Switches capture={props.meeting.capture} />
            <LevelMeter track={props.meeting.capture.microphone} />
          </div>
        </section>
        <section class="lobby-form">
          <h1>{title()}</h1>
          <JoinForm meeting={props.meeting} />
          <DevicePickers capture={props.meeting.capture} />
        </section>
      </div>
    </Page>
  );
}

function JoinForm(props: { meeting: Meeting }) {
  const view = () => props.meeting.view;
  const [name, setName] = createSignal(loadName());
  const [missing, setMissing] = createSignal(false);
  let field: HTMLInputElement | undefined;
  const opening = () => view().phase === 'opening';
  const go = (event: Event) => {
    event.preventDefault();
    const trimmed = name().trim();
    setMissing(trimmed === '');
    if (trimmed === '') field?.focus();
    else if (!opening()) props.meeting.join(trimmed);
  };
  const label = () => {
    if (opening()) return t('opening');
    return view().host ? t('start-meeting') : t('ask-to-join');
  };
  return (
    <form class="stack" onSubmit={go}>
      <label class="field">
        <span>{t('your-name')}</span>
        <input ref={(element) => (field = element)} type="text" autocomplete="name" autocapitalize="words" value={name()} aria-invalid={missing()}
          onInput={(event) => { setName(event.currentTarget.value); setMissing(false); }} />
      </label>
      <Show when={missing()}><p class="problem" role="alert">{t('name-missing')}</p></Show>
      <button class="button primary large" type="submit" disabled={opening()}>{label()}</button>
      <p class="hint">{note(view())}</p>
    </form>
  );
}

function note(view: Meeting['view']): string {
  if (view.host) return t('lobby-note-host');
  const away = view.phase === 'lobby' && view.connection === 'online' && !view.host_present;
  return away ? t('lobby-note-away', { host: view.host_name || t('the-host') }) : t('lobby-note-guest');
}
