import { createEffect, createSignal, onCleanup } from 'solid-js';
import type { Person } from '../../state/core';

/** Whose connection comes back at all mostly does so within this, ms. */
const PATIENCE = 30_000;

/** Among so few others, a tile that says who is missing is worth its place. */
const FEW = 4;

/** Whether somebody's connection has been gone for so long that their place is better given to those who are here. */
export function createAbsent(others: () => Person[]): (device: string) => boolean {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const [absent, setAbsent] = createSignal<ReadonlySet<string>>(new Set());

  createEffect(() => {
    const away = new Set(others().filter(({ connected }) => !connected).map(({ device }) => device));
    for (const [device, timer] of timers) {
      if (away.has(device)) continue;
      clearTimeout(timer);
      timers.delete(device);
    }
    if ([...absent()].some((device) => !away.has(device))) setAbsent((before) => new Set([...before].filter((device) => away.has(device))));
    for (const device of away) {
      if (!timers.has(device)) timers.set(device, setTimeout(() => setAbsent((before) => new Set(before).add(device)), PATIENCE));
    }
  });
  onCleanup(() => timers.forEach(clearTimeout));

  const many = () => others().length - absent().size >= FEW;
  return (device) => absent().has(device) && many();
}
