// Zoom and pan of a picture in a box: pure arithmetic. The picture is scaled from its top left corner,
// then moved by (x, y) pixels; it always covers the box.

export interface Zoom { scale: number; x: number; y: number }
export interface Point { x: number; y: number }
export interface Box { width: number; height: number }

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
export const MAX_SCALE = 6;
/** One press of a button or key. */
export const STEP = 1.25;

/** Larger or smaller by a factor; what lies under `at` stays there. */
export function zoomBy(zoom: Zoom, factor: number, at: Point, box: Box): Zoom {
  const scale = Math.min(MAX_SCALE, Math.max(1, zoom.scale * factor));
  const ratio = scale / zoom.scale;
  return inside({ scale, x: at.x - (at.x - zoom.x) * ratio, y: at.y - (at.y - zoom.y) * ratio }, box);
}

export const panBy = (zoom: Zoom, by: Point, box: Box): Zoom => inside({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y }, box);

/** Two fingers: what was between them stays between them. */
export function pinch(zoom: Zoom, before: [Point, Point], now: [Point, Point], box: Box): Zoom {
  const from = middle(before);
  const to = middle(now);
  const factor = distance(now) / Math.max(1, distance(before));
  return panBy(zoomBy(zoom, factor, from, box), { x: to.x - from.x, y: to.y - from.y }, box);
}

/** Still covers a box that has changed its size. */
export const fitted = (zoom: Zoom, box: Box): Zoom => inside(zoom, box);

function inside({ scale, x, y }: Zoom, box: Box): Zoom {
  if (scale <= 1.001) return WHOLE;
  return { scale, x: within(x, box.width * (1 - scale)), y: within(y, box.height * (1 - scale)) };
}

const within = (value: number, least: number) => Math.min(0, Math.max(least, value));
const middle = ([a, b]: [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const distance = ([a, b]: [Point, Point]): number => Math.hypot(a.x - b.x, a.y - b.y);
