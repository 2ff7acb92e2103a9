// Hands on a picture that can be enlarged: wheel, fingers, mouse and keys.

import { createSignal, onCleanup, type Accessor } from 'solid-js';
import { fitted, panBy, pinch, STEP, WHOLE, zoomBy, type Box, type Point, type Zoom } from './zoom';

/** Of a wheel's steps, and of a touchpad's pinch, which arrives as small steps with Ctrl. */
const WHEEL = 0.0016;
const PINCH = 0.01;
/** Pixels per press of an arrow key. */
const MOVE = 60;

export interface Zoomable {
  zoom: Accessor<Zoom>;
  /** Makes an element listen. */
  attach(element: HTMLElement): void;
  larger(): void;
  smaller(): void;
  reset(): void;
}

export function createZoomable(): Zoomable {
  const [zoom, setZoom] = createSignal<Zoom>(WHOLE);
  const fingers = new Map<number, Point>();
  let view: HTMLElement | undefined;
  const box = (): Box => ({ width: view?.clientWidth ?? 0, height: view?.clientHeight ?? 0 });
  const centre = (): Point => ({ x: box().width / 2, y: box().height / 2 });
  const step = (factor: number, at = centre()) => setZoom((now) => zoomBy(now, factor, at, box()));
  const move = (x: number, y: number) => setZoom((now) => panBy(now, { x, y }, box()));
  const reset = () => setZoom(WHOLE);

  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    step(Math.exp(-event.deltaY * lines * (event.ctrlKey ? PINCH : WHEEL)), within(event));
  };
  const within = (event: MouseEvent): Point => {
    const frame = view?.getBoundingClientRect();
    return { x: event.clientX - (frame?.left ?? 0), y: event.clientY - (frame?.top ?? 0) };
  };
  const down = (event: PointerEvent) => {
    if ((event.target as Element).closest('button') || fingers.size >= 2) return;
    view?.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, within(event));
  };
  const drag = (event: PointerEvent) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = within(event);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) setZoom((zoomed) => pinch(zoomed, [before, other], [now, other], box()));
    else move(now.x - before.x, now.y - before.y);
    fingers.set(event.pointerId, now);
  };
  const up = (event: PointerEvent) => void fingers.delete(event.pointerId);
  const twice = (event: MouseEvent) => {
    if ((event.target as Element).closest('button')) return;
    if (zoom().scale > 1) reset();
    else step(2, within(event));
  };
  const keys: Record<string, () => void> = {
    '+': () => step(STEP), '=': () => step(STEP), '-': () => step(1 / STEP), '0': reset,
    ArrowLeft: () => move(MOVE, 0), ArrowRight: () => move(-MOVE, 0), ArrowUp: () => move(0, MOVE), ArrowDown: () => move(0, -MOVE),
  };
  const press = (event: KeyboardEvent) => {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || event.target !== view) return;
    event.preventDefault();
    action();
  };

  return {
    zoom, reset,
    larger: () => step(STEP),
    smaller: () => step(1 / STEP),
    attach(element) {
      view = element;
      element.addEventListener('wheel', wheel, { passive: false });
      element.addEventListener('pointerdown', down);
      element.addEventListener('pointermove', drag);
      for (const end of ['pointerup', 'pointercancel'] as const) element.addEventListener(end, up);
      element.addEventListener('dblclick', twice);
      element.addEventListener('keydown', press);
      const observer = new ResizeObserver(() => setZoom((now) => fitted(now, box())));
      observer.observe(element);
      onCleanup(() => observer.disconnect());
    },
  };
}
