import './share.css';
import { createEffect, createMemo, on, Show, type JSX } from 'solid-js';
import type { Place } from '../../media/layout';
import type { Person } from '../../state/core';
import { t } from '../../state/i18n';
import { Icon, type IconShape } from '../icon';
import { FullScreen, FullScreenOff, Warning, Whole, ZoomIn, ZoomOut } from '../icons';
import type { RoomState } from './room';
import { LineVideo } from './tile';
import { MAX_SCALE } from './zoom';
import { createZoomable, type Zoomable } from './zoomable';

/** Somebody else's screen, which can be enlarged and moved. Covered until its frames verify under that person's key. */
export default function SharedScreen(props: { room: RoomState; person: Person; place: Place }) {
  const zoomable = createZoomable();
  const meeting = () => props.room.meeting;
  const line = createMemo(() => meeting().peer.video().find((each) => each.kind === 'screen' && each.device() === props.person.device));
  const unverified = () => meeting().view.slots.some((slot) =>
    slot.unverified && slot.kind === 'screen' && slot.claimed === props.person.participant);
  createEffect(on(() => props.person.device, () => zoomable.reset()));
  const style = (): JSX.CSSProperties => ({
    transform: `translate(${props.place.x}px, ${props.place.y}px)`, width: `${props.place.width}px`, height: `${props.place.height}px`,
  });
  const zoomed = (): JSX.CSSProperties => {
    const { scale, x, y } = zoomable.zoom();
    return { transform: scale === 1 ? 'none' : `translate(${x}px, ${y}px) scale(${scale})` };
  };
  return (
    <div class="shared" style={style()} classList={{ zoomed: zoomable.zoom().scale > 1 }}>
      <div class="shared-view" role="group" tabindex="0" aria-label={t('screen-of', { name: props.person.name })}
        aria-description={t('screen-keys')} ref={(element) => zoomable.attach(element)}>
        <Show when={!line()?.visible()}><p class="shared-coming">{t('screen-coming', { name: props.person.name })}</p></Show>
        <div class="shared-zoom" style={zoomed()}>
          <Show when={line()} keyed>{(shown) => <LineVideo line={shown} />}</Show>
        </div>
        <Show when={unverified()}><p class="tile-alarm"><Icon of={Warning} size={18} />{t('not-verified')}</p></Show>
      </div>
      <p class="plate"><bdi>{t('screen-of', { name: props.person.name })}</bdi></p>
      <ViewTools room={props.room} zoomable={zoomable} />
    </div>
  );
}

function ViewTools(props: { room: RoomState; zoomable: Zoomable }) {
  const scale = () => props.zoomable.zoom().scale;
  const full = () => props.room.fullScreen.on();
  return (
    <div class="shared-tools" role="group" aria-label={t('screen-view')}>
      <Tool icon={ZoomOut} label={t('zoom-out')} press={() => props.zoomable.smaller()} off={scale() <= 1} />
      <Tool icon={ZoomIn} label={t('zoom-in')} press={() => props.zoomable.larger()} off={scale() >= MAX_SCALE} />
      <Tool icon={Whole} label={t('zoom-reset')} press={() => props.zoomable.reset()} off={scale() <= 1} />
      <Tool icon={full() ? FullScreenOff : FullScreen} label={t(full() ? 'leave-full-screen' : 'full-screen')} press={() => props.room.fullScreen.toggle()} />
    </div>
  );
}

/** Not `disabled`: a button that takes the focus away while it is pressed would lose whoever uses the keyboard. */
function Tool(props: { icon: IconShape; label: string; press: () => void; off?: boolean }) {
  return (
    <button class="round" aria-label={props.label} title={props.label} aria-disabled={props.off ?? false} onClick={() => props.press()}>
      <Icon of={props.icon} size={20} />
    </button>
  );
}
