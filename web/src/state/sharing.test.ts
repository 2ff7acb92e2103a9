import { expect, test } from 'vitest';
import type { Person } from './core';
import { inTheWay, presenters, shownPresenter, yieldsTo } from './sharing';

const person = (device: string, more: Partial<Person> = {}): Person => ({
  device, participant: 1, name: device, role: 'participant', me: false, connected: true, mic_on: true, camera_on: true, screen_on: false, ...more,
});

test('somebody else who shares is in the way; oneself and whoever is away is not', () => {
  const me = person('me', { me: true, screen_on: true });
  expect(inTheWay({ people: [me, person('a')] })).toBeUndefined();
  expect(inTheWay({ people: [me, person('a', { screen_on: true, connected: false })] })).toBeUndefined();
  expect(inTheWay({ people: [me, person('a'), person('b', { screen_on: true })] })?.device).toBe('b');
  expect(presenters([me, person('a')])).toEqual([me]);
});

test('the screen that is shown stays when another one appears', () => {
  const [a, b] = [person('a', { screen_on: true }), person('b', { screen_on: true })];
  expect(shownPresenter([a, b], null)).toBe('a');
  expect(shownPresenter([a, b], 'b')).toBe('b');
  expect(shownPresenter([a], 'b')).toBe('a');
  expect(shownPresenter([person('a')], 'a')).toBeNull();
});

test('of two who begin at the same moment exactly one goes on', () => {
  const [a, b] = [{ device: 'a', since: 1_000 }, { device: 'b', since: 1_200 }];
  expect([yieldsTo(b, a, 1_500), yieldsTo(a, b, 1_500)]).toEqual([false, true]);
});

test('whoever has been sharing for a while does not give way to a latecomer', () => {
  expect(yieldsTo({ device: 'a' }, { device: 'b', since: 1_000 }, 60_000)).toBe(false);
});
