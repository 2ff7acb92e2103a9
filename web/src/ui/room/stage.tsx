import { createEffect, createMemo, createSignal, For, onCleanup, onMount, Show } from 'solid-js';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';
import { places, type Place } from '../../media/layout';
import { chooseStage } from './choose-stage';
import { Tile } from './tile';

/** With fewer others one's own picture floats over theirs; with more it would hide somebody. */
const OWN_PLACE_FROM = 4;

/** Everyone else, in equal tiles that fill the stage; in larger rooms with a place left for oneself. */
export function StageView(props: { meeting: Meeting; ownPlace: (place: Place | null) => void }) {
  const [box, setBox] = createSignal({ width: 0, height: 0 });
  const others = createMemo(() => props.meeting.view.people.filter(({ me }) => !me));
  const onStage = createMemo<string[]>((before) => chooseStage(others(), before, props.meeting.view.speakers), []);
  const gap = () => (box().width < 600 ? 6 : 8);
  const withOwn = () => onStage().length >= OWN_PLACE_FROM;
  const spots = createMemo(() => places(onStage().length + (withOwn() ? 1 : 0), box(), gap()));
  createEffect(() => props.ownPlace((withOwn() && spots().at(-1)) || null));
  const person = (device: string) => others().find((each) => each.device === device);
  const hidden = () => others().length - onStage().length;

  createEffect(() => {
    const height = layerHeight((spots()[0]?.height ?? 0) * devicePixelRatio);
    props.meeting.peer.setWanted(onStage().flatMap((device) => {
      const one = person(device);
      return one?.camera_on && one.connected && one.participant !== null ? [{ participant: one.participant, height }] : [];
    }));
  });

  return (
    <div class="stage" ref={(element) => onMount(() => observe(element, setBox))}
      classList={{ dimmed: props.meeting.view.connection === 'returning' }}>
      <For each={onStage()}>{(device, index) => (
        <Show when={person(device)}>{(one) => <Tile meeting={props.meeting} person={one()} place={spots()[index()]} />}</Show>
      )}</For>
      <Show when={hidden() > 0}><p class="stage-more">{t('more-people', { count: hidden() })}</p></Show>
    </div>
  );
}

/** The heights of the simulcast layers; few steps, so that resizing does not chatter. */
const layerHeight = (pixels: number): number => (pixels <= 220 ? 180 : pixels <= 460 ? 360 : 720);

function observe(element: HTMLElement, set: (box: { width: number; height: number }) => void) {
  const observer = new ResizeObserver(() => set({ width: element.clientWidth, height: element.clientHeight }));
  observer.observe(element);
  set({ width: element.clientWidth, height: element.clientHeight });
  onCleanup(() => observer.disconnect());
}
