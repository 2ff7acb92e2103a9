// Which receiving line carries whom, so that faces stay where they are.

import type { SlotWish } from '../state/core';

export interface Wanted { participant: number; height: number }

/** Lines are asked for in these steps, so that growing is rare and idle lines few. */
export const SLOT_STEPS = [4, 9, 16, 25] as const;

/** As many video lines as `people` others need. */
export const slotsFor = (people: number): number => SLOT_STEPS.find((step) => step >= people) ?? 25;

/** Whoever has a line keeps it; newcomers take free ones, first come first. */
export function assign(mids: string[], before: SlotWish[], wanted: Wanted[]): SlotWish[] {
  const heights = new Map(wanted.map(({ participant, height }) => [participant, height]));
  const kept = before.filter((wish) => mids.includes(wish.mid) && heights.has(wish.participant));
  const free = mids.filter((mid) => !kept.some((wish) => wish.mid === mid));
  const fresh = wanted.filter(({ participant }) => !kept.some((wish) => wish.participant === participant));
  const wishes = kept.map((wish) => ({ ...wish, height: heights.get(wish.participant) ?? wish.height }));
  for (const [index, mid] of free.entries()) {
    const next = fresh[index];
    if (next) wishes.push({ mid, participant: next.participant, kind: 'camera', height: next.height });
  }
  return wishes;
}

export const sameWishes = (a: SlotWish[], b: SlotWish[]): boolean =>
  a.length === b.length &&
  a.every((wish, i) => {
    const other = b[i];
    return other && wish.mid === other.mid && wish.participant === other.participant && wish.height === other.height;
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
