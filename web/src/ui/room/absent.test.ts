import { createRoot, createSignal } from 'solid-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Person } from '../../state/core';
import { createAbsent } from './absent';

const people = (count: number, ...away: number[]) =>
  Array.from({ length: count }, (_, i) => ({ device: `d${i}`, connected: !away.includes(i) }) as Person);

function stage(first: Person[]) {
  const [others, setOthers] = createSignal(first);
  const { absent, end } = createRoot((end) => ({ absent: createAbsent(others), end }));
  return { setOthers, end, who: () => others().map(({ device }) => device).filter(absent) };
}

describe('whose connection is gone', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('keeps the place for half a minute, and has it again on coming back', () => {
    const { setOthers, who, end } = stage(people(6, 2));
    vi.advanceTimersByTime(20_000);
    setOthers(people(6, 2, 3));
    vi.advanceTimersByTime(9_000);
    expect(who()).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(who()).toEqual(['d2']);
    setOthers(people(6, 3));
    expect(who()).toEqual([]);
    setOthers(people(6, 2, 3));
    vi.advanceTimersByTime(20_000);
    expect(who()).toEqual(['d3']);
    end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps it for good among a few', () => {
    const { setOthers, who, end } = stage(people(4, 2));
    vi.advanceTimersByTime(60_000);
    expect(who()).toEqual([]);
    setOthers(people(5, 2));
    expect(who()).toEqual(['d2']);
    setOthers([]);
    expect(who()).toEqual([]);
    end();
  });
});
