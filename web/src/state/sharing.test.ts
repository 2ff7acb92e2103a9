import { expect, test } from 'vitest';
import type { Person } from './core';
import { emptyView } from './core';
import { mayShare } from './rights';
import { inTheWay, presenters, shownPresenter, yieldsTo } from './sharing';

const person = (device: string, more: Partial<Person> = {}): Person => ({
  device, participant: 1, name: device, role: 'participant', met: 'never', me: false, connected: true, mic_on: true, camera_on: true, screen_on: false, hand: null, may: emptyView.may, ...more,
});

const { rules } = emptyView;

test('somebody else who shares is in the way; oneself and whoever is away is not', () => {
  const me = person('me', { me: true, screen_on: true });
  expect(inTheWay({ rules, people: [me, person('a')] })).toBeUndefined();
  expect(inTheWay({ rules, people: [me, person('a', { screen_on: true, connected: false })] })).toBeUndefined();
  const several = [me, person('a'), person('b', { screen_on: true })];
  expect(inTheWay({ rules, people: several })?.device).toBe('b');
  expect(inTheWay({ rules: { ...rules, several_presenters: true }, people: several })).toBeUndefined();
  expect(presenters([me, person('a')])).toEqual([me]);
});

test('only whom the rules allow may share, and only inside', () => {
  const may = { ...emptyView.may, share: true };
  expect(mayShare({ phase: 'in_meeting', may })).toBe(true);
  expect(mayShare({ phase: 'in_meeting', may: emptyView.may })).toBe(false);
  expect(mayShare({ phase: 'entering', may })).toBe(false);
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
