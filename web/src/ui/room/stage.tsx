import { createEffect, createMemo, createSignal, For, onCleanup, onMount, Show } from 'solid-js';
import { t } from '../../state/i18n';
import type { Person } from '../../state/core';
import { shownPresenter } from '../../state/sharing';
import { places, shareLayout, type Place, type Wanted } from '../../media/layout';
import { createAbsent } from './absent';
import { chooseStage } from './choose-stage';
import type { RoomState } from './room';
import SharedScreen from './shared-screen';
import { Tile } from './tile';

/** With fewer others one's own picture floats over theirs; with more it would hide somebody. */
const OWN_PLACE_FROM = 4;

/** From so many on, tiles do not glide and plates do not blur: both are drawn anew for each frame, which a machine without a graphics processor feels. */
const CROWDED_FROM = 16;

/**
 * Everyone else, in equal tiles that fill the stage; in larger rooms with a place left for oneself. Somebody's screen
 * takes the stage, with a strip of faces: the presenter's first, one's own last.
 */
export function StageView(props: { room: RoomState; ownPlace: (place: Place | null) => void }) {
  const [box, setBox] = createSignal({ width: 0, height: 0 });
  const view = () => props.room.meeting.view;
  // Whoever only watches, or has been gone for long, is in the list, and takes no place here.
  const seated = createMemo(() => view().people.filter(({ me, role }) => !me && role !== 'viewer'));
  const absent = createAbsent(seated);
  const others = createMemo(() => seated().filter(({ device }) => !absent(device)));
  const person = (device: string) => seated().find((each) => each.device === device);
  const presenter = createMemo<string | null>((before) => shownPresenter(view().people, before), null);
  const gap = () => (box().width < 600 ? 6 : 8);

  const shared = createMemo(() => (presenter() ? shareLayout(props.room.fullScreen.on() ? 0 : others().length + 1, box(), gap()) : null));
  const listeners = createMemo(() => others().filter(({ device }) => device !== presenter()));
  const beside = createMemo<string[]>((before) => chooseStage(listeners(), before, view().speakers, Math.max(0, (shared()?.strip.length ?? 0) - 2)), []);
  const inStrip = () => (shared()?.strip.length ? [presenter() ?? '', ...beside()] : []);
  const inGrid = createMemo<string[]>((before) => chooseStage(others(), before, view().speakers), []);
  const onStage = createMemo(() => (presenter() ? inStrip() : inGrid()));

  const withOwn = () => onStage().length >= OWN_PLACE_FROM;
  // Whoever has been gone for long counts: that a connection is gone is the server's word, and nobody in the group is passed over in silence.
  const hidden = () => (shared() ? 0 : seated().length - onStage().length);
  const gridBox = () => ({ ...box(), height: box().height - (hidden() > 0 ? MORE_HEIGHT : 0) });
  const spots = createMemo(() => shared()?.strip ?? places(onStage().length + (withOwn() ? 1 : 0), gridBox(), gap()));
  createEffect(() => props.ownPlace(((shared() || withOwn()) && spots().at(-1)) || null));

  createEffect(() => {
    const height = layerHeight((spots()[0]?.height ?? 0) * devicePixelRatio);
    const cameras = onStage().flatMap((device) => wishes(person(device), (one) => one.camera_on, [{ kind: 'camera', height }]));
    const screen = wishes(person(presenter() ?? ''), () => true, [{ kind: 'screen', height: SCREEN_HEIGHT }, { kind: 'screen_audio', height: 0 }]);
    props.room.meeting.peer.setWanted([...screen, ...cameras]);
  });

  return (
    <div class="stage" ref={(element) => onMount(() => observe(element, setBox))}
      classList={{ dimmed: view().connection === 'returning', crowded: onStage().length >= CROWDED_FROM }}>
      <Show when={person(presenter() ?? '')}>{(one) => (
        <Show when={shared()?.screen}>{(place) => <SharedScreen room={props.room} person={one()} place={place()} />}</Show>
      )}</Show>
      <For each={onStage()}>{(device, index) => (
        <Show when={person(device)}>{(one) => <Tile meeting={props.room.meeting} person={one()} place={spots()[index()]} alike={props.room.alike().get(device) ?? ''} />}</Show>
      )}</For>
      <Show when={hidden() > 0}><p class="stage-more">{t('more-people', { count: hidden() })}</p></Show>
    </div>
  );
}

/** Kept free of tiles for the words that say how many more there are, pixels. */
const MORE_HEIGHT = 28;

/** A screen has one layer; the height only says that all of it is wanted. */
const SCREEN_HEIGHT = 1080;

function wishes(one: Person | undefined, on: (one: Person) => boolean, what: Omit<Wanted, 'participant'>[]): Wanted[] {
  const participant = one?.participant ?? null;
  return one && participant !== null && one.connected && on(one) ? what.map((each) => ({ participant, ...each })) : [];
}

/** The heights of the simulcast layers; few steps, so that resizing does not chatter. */
const layerHeight = (pixels: number): number => (pixels <= 220 ? 180 : pixels <= 460 ? 360 : 720);

function observe(element: HTMLElement, set: (box: { width: number; height: number }) => void) {
  const observer = new ResizeObserver(() => set({ width: element.clientWidth, height: element.clientHeight }));
  observer.observe(element);
  set({ width: element.clientWidth, height: element.clientHeight });
  onCleanup(() => observer.disconnect());
}
