import { createSignal, Show } from 'solid-js';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';
import { OwnVideo } from '../devices';
import { Icon } from '../icon';
import { MicOff } from '../icons';
import { Avatar } from './tile';

const CORNERS = ['bottom-right', 'bottom-left', 'top-left', 'top-right'] as const;
type Corner = (typeof CORNERS)[number];

/** Your own picture: small, and movable to any corner by dragging or with its button. */
export function OwnTile(props: { meeting: Meeting }) {
  const [corner, setCorner] = createSignal<Corner>('bottom-right');
  const [drag, setDrag] = createSignal<{ x: number; y: number } | null>(null);
  const capture = () => props.meeting.capture;
  const name = () => t('you', { name: props.meeting.view.my_name });
  const next = () => setCorner(CORNERS[(CORNERS.indexOf(corner()) + 1) % CORNERS.length] ?? 'bottom-right');

  let from = { x: 0, y: 0 };
  const down = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if ((event.target as Element).closest('button')) return;
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
  return (
    <div class={`own-tile ${corner()}`} role="group" aria-label={name()} classList={{ dragged: drag() !== null, slight: props.meeting.view.people.length > 4 }}
      style={{ translate: drag() ? `${drag()?.x}px ${drag()?.y}px` : '' }}
      onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setDrag(null)}>
      <Avatar name={props.meeting.view.my_name} />
      <OwnVideo track={() => (capture().cameraOn() ? capture().camera() : null)} label={t('your-camera')} />
      <p class="plate">
        <Show when={!capture().microphoneOn()}><Icon of={MicOff} size={16} /></Show>
        <span>{t('you-short')}</span>
        <Show when={!capture().microphoneOn()}><span class="only-heard">, {t('muted')}</span></Show>
      </p>
      <button class="own-move" onClick={next}><span class="only-heard">{t('move-own')}</span></button>
    </div>
  );
}

function nearest(event: PointerEvent, area: Element | null): Corner {
  const box = area?.getBoundingClientRect() ?? new DOMRect(0, 0, innerWidth, innerHeight);
  const vertical = event.clientY < box.top + box.height / 2 ? 'top' : 'bottom';
  const horizontal = event.clientX < box.left + box.width / 2 ? 'left' : 'right';
  return `${vertical}-${horizontal}`;
}
