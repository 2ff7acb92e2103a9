import { createSignal, Show } from 'solid-js';
import { t } from '../state/i18n';
import type { Meeting } from '../state/meeting';
import { loadName, remembersName, setRemembersName } from '../state/preferences';
import { shortName } from '../state/short-name';
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
        <input ref={(element) => (field = element)} type="text" autocomplete="nickname" autocapitalize="words" maxlength="60" value={name()} aria-invalid={missing()}
          aria-describedby="name-hint" onInput={(event) => { setName(event.currentTarget.value); setMissing(false); }} />
      </label>
      <Show when={missing()}><p class="problem" role="alert">{t('name-missing')}</p></Show>
      <NameHelp name={name()} use={(short) => { setName(short); field?.focus(); }} />
      <button class="button primary large" type="submit" disabled={opening()}>{label()}</button>
      <p class="hint">{note(view())}</p>
    </form>
  );
}

/** Nobody needs a full name here: what is enough, and in one click. */
function NameHelp(props: { name: string; use: (short: string) => void }) {
  const [remembers, setRemembers] = createSignal(remembersName());
  const remember = (on: boolean) => {
    setRemembers(on);
    setRemembersName(on);
  };
  return (
    <div class="name-help">
      <p class="hint" id="name-hint">{t('your-name-hint')}</p>
      <div aria-live="polite">
        <Show when={shortName(props.name)}>{(short) => (
          <button class="button small" type="button" onClick={() => props.use(short())}>{t('use-short-name', { name: short() })}</button>
        )}</Show>
      </div>
      <label class="check"><input type="checkbox" checked={remembers()} onChange={(event) => remember(event.currentTarget.checked)} />{t('remember-name')}</label>
    </div>
  );
}

function note(view: Meeting['view']): string {
  if (view.host) return t('lobby-note-host');
  const away = view.phase === 'lobby' && view.connection === 'online' && !view.host_present;
  return away ? t('lobby-note-away', { host: view.host_name || t('the-host') }) : t('lobby-note-guest');
}
