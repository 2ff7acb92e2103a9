import { createEffect, createMemo, createSignal, onCleanup, Show } from 'solid-js';
import { createLevel } from '../../media/level';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';

/** Louder than this, someone is talking. */
const TALKING = 0.45;
/** So many loud tenths of a second in a row are speech and no knock on the table. */
const LOUD_TENTHS = 4;
const SHOWN_FOR_MS = 5_000;

/** "You're muted", beside the button, when someone talks although muted. The sound goes nowhere. */
export function MutedHint(props: { meeting: Meeting }) {
  const capture = () => props.meeting.capture;
  const listening = createMemo(() => {
    const track = capture().microphone();
    return track && !capture().microphoneOn() ? track : null;
  });
  const [clone, setClone] = createSignal<MediaStreamTrack | null>(null);
  createEffect(() => {
    // The muted track is silent here as well; a copy of it hears.
    const copy = listening()?.clone() ?? null;
    if (copy) copy.enabled = true;
    setClone(copy);
    onCleanup(() => copy?.stop());
  });
  const level = createLevel(clone);
  const [talking, setTalking] = createSignal(false);
  let loud = 0;
  let hide: ReturnType<typeof setTimeout> | undefined;
  createEffect(() => {
    loud = level() > TALKING ? loud + 1 : 0;
    if (loud < LOUD_TENTHS) return;
    setTalking(true);
    clearTimeout(hide);
    hide = setTimeout(() => setTalking(false), SHOWN_FOR_MS);
  });
  createEffect(() => !listening() && setTalking(false));
  onCleanup(() => clearTimeout(hide));
  return <Show when={talking()}><p class="muted-hint" role="status">{t('talking-muted')}</p></Show>;
}
