// Which receiving line carries whom, so that faces stay where they are.

import type { Kind, SlotWish } from '../state/core';

/** Something of somebody: a camera, a screen or a screen's sound. */
export interface Wanted { participant: number; kind: Kind; height: number }

/** Camera lines are asked for in these steps, so that growing is rare and idle lines few. */
export const SLOT_STEPS = [4, 9, 16, 25] as const;

/** As many camera lines as `people` others need. */
export const slotsFor = (people: number): number => SLOT_STEPS.find((step) => step >= people) ?? 25;

/** Lines of a kind for all that is wanted: one screen with its sound, once somebody shares. */
export function linesFor(kind: Kind, wanted: Wanted[]): number {
  const count = wanted.filter((one) => one.kind === kind).length;
  return kind === 'camera' ? slotsFor(count) : Math.min(1, count);
}

/** Whoever has a line keeps it; newcomers take free ones of their kind, first come first. */
export function assign(lines: { mid: string; kind: Kind }[], before: SlotWish[], wanted: Wanted[]): SlotWish[] {
  const of = (wish: SlotWish) => wanted.find((one) => one.participant === wish.participant && one.kind === wish.kind);
  const kept = before.filter((wish) => lines.some(({ mid }) => mid === wish.mid) && of(wish));
  const free = lines.filter(({ mid }) => !kept.some((wish) => wish.mid === mid));
  const fresh = wanted.filter((one) => !kept.some((wish) => of(wish) === one));
  const wishes = kept.map((wish) => ({ ...wish, height: of(wish)?.height ?? wish.height }));
  for (const one of fresh) {
    const at = free.findIndex(({ kind }) => kind === one.kind);
    if (at >= 0) wishes.push({ ...one, mid: free.splice(at, 1)[0]?.mid ?? '' });
  }
  return wishes;
}

export const sameWishes = (a: SlotWish[], b: SlotWish[]): boolean =>
  a.length === b.length &&
  a.every((wish, i) => {
    const other = b[i];
    return other && wish.mid === other.mid && wish.participant === other.participant
      && wish.kind === other.kind && wish.height === other.height;
  });

export interface Grid { columns: number; rows: number; width: number; height: number }
export interface Place { x: number; y: number; width: number; height: number }

/**
 * The largest equal tiles for `count` in a box. Rows differ by at most one tile and are centred, so that
 * no hole is left anywhere.
 */
export function grid(count: number, box: { width: number; height: number }, gap: number): Grid {
  let best: Grid = { columns: 1, rows: 1, width: 0, height: 0 };
  for (let rows = 1; rows <= count; rows++) {
    const columns = Math.ceil(count / rows);
    const tile = fit((box.width - gap * (columns - 1)) / columns, (box.height - gap * (rows - 1)) / rows);
    if (tile.width * tile.height > best.width * best.height) best = { columns, rows, ...tile };
  }
  return best;
}

/** Faces look right between portrait 3:4 and landscape 16:9. */
function fit(width: number, height: number) {
  const w = Math.max(0, Math.min(width, (height * 16) / 9));
  const h = Math.max(0, Math.min(height, (width * 4) / 3));
  return { width: w, height: h };
}

export function places(count: number, box: { width: number; height: number }, gap: number): Place[] {
  const { rows, width, height } = grid(count, box, gap);
  const top = (box.height - rows * height - (rows - 1) * gap) / 2;
  const result: Place[] = [];
  for (let row = 0; row < rows; row++) {
    const inRow = Math.floor(count / rows) + (row < count % rows ? 1 : 0);
    const left = (box.width - inRow * width - (inRow - 1) * gap) / 2;
    for (let column = 0; column < inRow; column++) {
      result.push({ x: left + column * (width + gap), y: top + row * (height + gap), width, height });
    }
  }
  return result;
}

export interface ShareLayout { screen: Place; strip: Place[] }

/** Room for the strip's tiles beside the screen (wide boxes) or below it (tall ones). */
const STRIP = { least: 112, most: 224, part: 0.17 };

/** A shared screen with a strip of up to `people` faces; those that do not fit have no place. */
export function shareLayout(people: number, box: { width: number; height: number }, gap: number): ShareLayout {
  const beside = box.width > box.height;
  const width = Math.round(Math.min(STRIP.most, Math.max(STRIP.least, (beside ? box.width : box.height) * STRIP.part)));
  const height = Math.round(beside ? (width * 9) / 16 : (width * 3) / 4);
  const [long, each] = beside ? [box.height, height] : [box.width, width];
  const count = Math.min(people, Math.floor((long + gap) / (each + gap)));
  const start = (long - count * each - (count - 1) * gap) / 2;
  const strip = Array.from({ length: Math.max(0, count) }, (_, i): Place => {
    const along = start + i * (each + gap);
    return beside ? { x: box.width - width, y: along, width, height } : { x: along, y: box.height - height, width, height };
  });
  const taken = strip.length > 0 ? (beside ? width : height) + gap : 0;
  const screen = { x: 0, y: 0, width: box.width - (beside ? taken : 0), height: box.height - (beside ? 0 : taken) };
  return { screen, strip };
}
