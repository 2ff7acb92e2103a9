import { createEffect, For, on, Show } from 'solid-js';
import { createLevel } from '../../media/level';
import { knockSound } from '../../media/sounds';
import { t } from '../../state/i18n';
import type { Met } from '../../state/core';
import type { Meeting } from '../../state/meeting';
import { AdmitDecline, HELD, whyHeld } from './participants';
import type { RoomState } from './room';
import { metWords } from './who';

/** Louder than this the host is taken to be speaking. */
const SPEAKING = 0.35;

/** What to look at twice before a click. */
const doubt = (met: Met = 'never') => (met === 'same_device' ? '' : metWords(met));

/** A knock is two soft notes, silent while the host speaks. */
export function createDoorbell(meeting: Meeting): void {
  const level = createLevel(() => (meeting.capture.microphoneOn() ? meeting.capture.microphone() : null));
  createEffect(on(() => meeting.view.waiting.length, (now, before) => {
    if (now > (before ?? 0) && level() < SPEAKING) knockSound();
  }));
}

/** Who waits at the door, as long as the panel that says so is closed. */
export function DoorBanner(props: { room: RoomState }) {
  const waiting = () => props.room.meeting.view.waiting;
  const only = () => (waiting().length === 1 ? waiting()[0] : undefined);
  const doubts = () => [props.room.alike().get(only()?.device ?? ''), doubt(only()?.met)].filter(Boolean);
  return (
    <Show when={waiting().length > 0 && props.room.panel() !== 'participants'}>
      <div class="banner door">
        <p>
          {only() ? t('door-one', { name: only()?.name ?? '' }) : t('door-more', { count: waiting().length })}
          <For each={doubts()}>{(words) => <small class="alike">{words}</small>}</For>
          <Show when={only()?.held}><small id={HELD}>{whyHeld(props.room.meeting.view)}</small></Show>
        </p>
        <Show when={only()} keyed fallback={<button class="button small primary" onClick={() => props.room.toggle('participants')}>{t('door-see')}</button>}>
          {(one) => <AdmitDecline one={one} room={props.room} />}
        </Show>
      </div>
    </Show>
  );
}
