import { createSignal, Show, type JSX } from 'solid-js';
import type { Place } from '../../media/layout';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';
import { OwnVideo } from '../devices';
import { Icon } from '../icon';
import { MicOff } from '../icons';
import { Avatar } from './tile';

const CORNERS = ['bottom-right', 'bottom-left', 'top-left', 'top-right'] as const;
type Corner = (typeof CORNERS)[number];

/** Your own picture: small, and movable to any corner by dragging or with its button; in larger rooms in its place among the others. */
export function OwnTile(props: { meeting: Meeting; place: Place | null }) {
  const [corner, setCorner] = createSignal<Corner>('bottom-right');
  const [drag, setDrag] = createSignal<{ x: number; y: number } | null>(null);
  const capture = () => props.meeting.capture;
  const name = () => t('you', { name: props.meeting.view.my_name });
  const next = () => setCorner(CORNERS[(CORNERS.indexOf(corner()) + 1) % CORNERS.length] ?? 'bottom-right');

  let from = { x: 0, y: 0 };
  const down = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (props.place || (event.target as Element).closest('button')) return;
    from = { x: event.clientX, y: event.clientY };
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ x: 0, y: 0 });
  };
  const move = (event: PointerEvent) => drag() && setDrag({ x: event.clientX - from.x, y: event.clientY - from.y });
  const up = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (!drag()) return;
    setDrag(null);
    setCorner(nearest(event, event.currentTarget.parentElement));
  };
  const style = (): JSX.CSSProperties => {
    const place = props.place;
    if (place) return { left: `${place.x}px`, top: `${place.y}px`, width: `${place.width}px`, height: `${place.height}px` };
    return { translate: drag() ? `${drag()?.x}px ${drag()?.y}px` : '' };
  };
  return (
    <div class="own-tile" role="group" aria-label={name()} style={style()}
      classList={{ [corner()]: !props.place, placed: Boolean(props.place), dragged: drag() !== null }}
      onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setDrag(null)}>
      <Avatar name={props.meeting.view.my_name} />
      <OwnVideo track={() => (capture().cameraOn() ? capture().camera() : null)} label={t('your-camera')} />
      <p class="plate">
        <Show when={!capture().microphoneOn()}><Icon of={MicOff} size={16} /></Show>
        <span>{t('you-short')}</span>
        <Show when={!capture().microphoneOn()}><span class="only-heard">, {t('muted')}</span></Show>
      </p>
      <Show when={!props.place}>
        <button class="own-move" onClick={next}><span class="only-heard">{t('move-own')}</span></button>
      </Show>
    </div>
  );
}

function nearest(event: PointerEvent, area: Element | null): Corner {
  const box = area?.getBoundingClientRect() ?? new DOMRect(0, 0, innerWidth, innerHeight);
  const vertical = event.clientY < box.top + box.height / 2 ? 'top' : 'bottom';
  const horizontal = event.clientX < box.left + box.width / 2 ? 'left' : 'right';
  return `${vertical}-${horizontal}`;
}
