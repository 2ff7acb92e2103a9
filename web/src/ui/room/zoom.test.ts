import { expect, test } from 'vitest';
import { MAX_SCALE, panBy, pinch, WHOLE, zoomBy, type Point, type Zoom } from './zoom';

const BOX = { width: 800, height: 450 };
const CENTRE = { x: 400, y: 225 };

/** Where a point of the picture appears. */
const shown = ({ scale, x, y }: Zoom, point: Point): Point => ({ x: point.x * scale + x, y: point.y * scale + y });
const covers = ({ scale, x, y }: Zoom) =>
  x <= 0 && y <= 0 && x + BOX.width * scale >= BOX.width - 0.01 && y + BOX.height * scale >= BOX.height - 0.01;

test('what lies under the pointer stays there', () => {
  const at = { x: 600, y: 100 };
  const zoom = zoomBy(WHOLE, 2, at, BOX);
  expect(shown(zoom, at)).toEqual(at);
  const again = zoomBy(zoom, 1.5, { x: 650, y: 90 }, BOX);
  const under = { x: (650 - zoom.x) / zoom.scale, y: (90 - zoom.y) / zoom.scale };
  expect(shown(again, under).x).toBeCloseTo(650);
  expect(shown(again, under).y).toBeCloseTo(90);
});

test('the picture always covers the view, never shrinks below it and has a largest size', () => {
  let zoom = WHOLE;
  for (let i = 0; i < 200; i++) {
    zoom = zoomBy(zoom, i % 3 === 0 ? 0.7 : 1.3, { x: (i * 97) % 800, y: (i * 53) % 450 }, BOX);
    zoom = panBy(zoom, { x: ((i * 31) % 400) - 200, y: ((i * 17) % 300) - 150 }, BOX);
    expect(covers(zoom)).toBe(true);
    expect(zoom.scale).toBeLessThanOrEqual(MAX_SCALE);
  }
  expect(zoomBy(zoom, 0.001, CENTRE, BOX)).toEqual(WHOLE);
});

test('at its whole size it does not move', () => {
  expect(panBy(WHOLE, { x: 50, y: 50 }, BOX)).toEqual(WHOLE);
});

test('two fingers take along what is between them', () => {
  const zoom = pinch(WHOLE, [{ x: 300, y: 200 }, { x: 500, y: 200 }], [{ x: 220, y: 210 }, { x: 620, y: 210 }], BOX);
  expect(zoom.scale).toBeCloseTo(2);
  expect(shown(zoom, { x: 400, y: 200 })).toEqual({ x: 420, y: 210 });
});
