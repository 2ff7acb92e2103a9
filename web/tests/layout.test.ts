import { describe, expect, test } from 'vitest';
import { assign, grid, linesFor, places, sameWishes, shareLayout, slotsFor, type Wanted } from '../src/media/layout';
import { chooseStage } from '../src/ui/room/choose-stage';

const BOXES = [{ width: 378, height: 640 }, { width: 756, height: 880 }, { width: 1256, height: 650 }, { width: 640, height: 300 }];

describe('the grid', () => {
  test('from 1 to 25 tiles lie inside the stage and do not overlap', () => {
    for (const box of BOXES) {
      for (let count = 1; count <= 25; count++) {
        const tiles = places(count, box, 8);
        expect(tiles).toHaveLength(count);
        for (const [i, a] of tiles.entries()) {
          expect(a.x).toBeGreaterThanOrEqual(-0.01);
          expect(a.y).toBeGreaterThanOrEqual(-0.01);
          expect(a.x + a.width).toBeLessThanOrEqual(box.width + 0.01);
          expect(a.y + a.height).toBeLessThanOrEqual(box.height + 0.01);
          for (const b of tiles.slice(i + 1)) {
            const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            expect(apart).toBe(true);
          }
        }
      }
    }
  });

  test('leaves no odd hole: rows differ by at most one tile and are centred', () => {
    for (const box of BOXES) {
      for (let count = 1; count <= 25; count++) {
        const rows = new Map<number, number[]>();
        for (const tile of places(count, box, 8)) rows.set(tile.y, [...(rows.get(tile.y) ?? []), tile.x]);
        const lengths = [...rows.values()].map((row) => row.length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
        const { width } = grid(count, box, 8);
        for (const row of rows.values()) {
          const left = Math.min(...row);
          const right = box.width - (Math.max(...row) + width);
          expect(Math.abs(left - right)).toBeLessThan(0.01);
        }
      }
    }
  });
});

const cameras = (...mids: string[]) => mids.map((mid) => ({ mid, kind: 'camera' as const }));

describe('slots', () => {
  test('grow in steps', () => {
    expect([0, 1, 4, 5, 10, 17, 40].map(slotsFor)).toEqual([4, 4, 4, 9, 16, 25, 25]);
  });

  test('whoever has a line keeps it when others come and go', () => {
    const mids = cameras('5', '6', '7', '8');
    const want = (...people: number[]) => people.map((participant) => ({ participant, kind: 'camera' as const, height: 360 }));
    const first = assign(mids, [], want(1, 2, 3));
    expect(first.map(({ mid, participant }) => [mid, participant])).toEqual([['5', 1], ['6', 2], ['7', 3]]);
    const second = assign(mids, first, want(3, 4, 1));
    expect(Object.fromEntries(second.map(({ mid, participant }) => [mid, participant]))).toEqual({ 5: 1, 7: 3, 6: 4 });
  });

  test('more people than lines leaves the last without', () => {
    expect(assign(cameras('5'), [], [{ participant: 1, kind: 'camera', height: 180 }, { participant: 2, kind: 'camera', height: 180 }])).toHaveLength(1);
  });

  test('a change of height alone is a change', () => {
    const wish = (height: number) => assign(cameras('5'), [], [{ participant: 1, kind: 'camera', height }]);
    expect(sameWishes(wish(180), wish(180))).toBe(true);
    expect(sameWishes(wish(180), wish(720))).toBe(false);
  });
});

describe('a shared screen', () => {
  const wanted: Wanted[] = [{ participant: 1, kind: 'screen', height: 1080 }, { participant: 1, kind: 'screen_audio', height: 0 },
    { participant: 1, kind: 'camera', height: 180 }];

  test('has a line and one for its sound only once somebody shares', () => {
    expect([linesFor('screen', []), linesFor('screen_audio', []), linesFor('camera', [])]).toEqual([0, 0, 4]);
    expect([linesFor('screen', wanted), linesFor('screen_audio', wanted)]).toEqual([1, 1]);
  });

  test('and its presenter’s camera are on lines of their own kind', () => {
    const lines = [...cameras('5', '6'), { mid: '9', kind: 'screen' as const }, { mid: '10', kind: 'screen_audio' as const }];
    const wishes = assign(lines, assign(lines, [], wanted.slice(2)), wanted);
    expect(Object.fromEntries(wishes.map(({ mid, kind }) => [mid, kind]))).toEqual({ 5: 'camera', 9: 'screen', 10: 'screen_audio' });
    expect(assign(cameras('5', '6'), [], wanted.slice(0, 2))).toEqual([]);
  });

  test('takes most of the stage, and faces beside or below it do not overlap it', () => {
    for (const box of BOXES) {
      for (const people of [0, 1, 2, 9, 30]) {
        const { screen, strip } = shareLayout(people, box, 8);
        expect(strip.length).toBeLessThanOrEqual(people);
        expect(Math.min(people, 2)).toBeLessThanOrEqual(strip.length);
        expect((screen.width * screen.height) / (box.width * box.height)).toBeGreaterThan(0.6);
        for (const tile of strip) {
          expect(tile.x >= screen.width + 8 - 0.01 || tile.y >= screen.height + 8 - 0.01).toBe(true);
          expect(tile.x + tile.width).toBeLessThanOrEqual(box.width + 0.01);
          expect(tile.y + tile.height).toBeLessThanOrEqual(box.height + 0.01);
        }
      }
    }
  });
});

describe('the stage', () => {
  const people = (count: number) => Array.from({ length: count }, (_, i) => ({ device: `d${i}` }));

  test('keeps everyone’s place', () => {
    const before = chooseStage(people(3), [], []);
    expect(chooseStage(people(3).reverse(), before, ['d2'])).toBe(before);
  });

  test('a speaker beyond the last tile takes the place of someone quiet', () => {
    const before = chooseStage(people(30), [], []);
    const after = chooseStage(people(30), before, ['d27', 'd24']);
    expect(after).toHaveLength(25);
    expect(after).toContain('d27');
    expect(after).toContain('d24');
    expect(after).not.toContain('d23');
  });

  test('whoever comes takes the place of who left, and nobody else moves', () => {
    const before = chooseStage(people(30), [], []);
    const after = chooseStage(people(30).filter(({ device }) => !['d2', 'd7'].includes(device)), before, []);
    expect(after).toEqual(before.with(2, 'd25').with(7, 'd26'));
    const fewer = chooseStage(people(25).filter(({ device }) => device !== 'd7'), before, []);
    expect(fewer).toEqual(before.filter((device) => device !== 'd7'));
    expect(chooseStage([...people(2), { device: 'new' }], ['d0', 'gone', 'd1'], [])).toEqual(['d0', 'new', 'd1']);
    expect(chooseStage(people(30), before, [], 3)).toEqual(['d0', 'd1', 'd2']);
    expect(chooseStage([], before, [])).toEqual([]);
  });
});
