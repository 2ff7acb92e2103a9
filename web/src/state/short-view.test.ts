import { createStore, reconcile, unwrap } from 'solid-js/store';
import { describe, expect, it } from 'vitest';
import { emptyView, type Person, type View } from './core';
import { createShortener, restore, type ShortView } from './short-view';

const MAY = { unmute: true, video: true, share: true, chat: true, rename: true, control: false };

const person = (device: string, change: Partial<Person> = {}): Person => ({
  device, participant: 1, name: device.toUpperCase(), role: 'participant', met: { same_device_as: 'Ben' }, me: false,
  connected: true, mic_on: false, camera_on: false, screen_on: false, hand: null, may: MAY, ...change,
});

const viewOf = (people: Person[]): View => ({ ...emptyView, people });

/** The page's store, fed as the page feeds it: through a message that copies. */
function page() {
  const [view, setView] = createStore<View>({ ...emptyView });
  const shorten = createShortener();
  return {
    view,
    show(people: Person[]): ShortView {
      const message = structuredClone(shorten(viewOf(people)));
      setView(reconcile(restore(message, view.people), { key: 'device' }));
      expect(unwrap(view).people).toEqual(people);
      return message;
    },
  };
}

describe('a view without those who are as before', () => {
  it('names them by where they stood', () => {
    const { show } = page();
    expect(show([person('a'), person('b')]).people).toHaveLength(2);
    expect(show([person('b'), person('c'), person('a', { mic_on: true })]).people)
      .toEqual([1, person('c'), person('a', { mic_on: true })]);
    expect(show([]).people).toEqual([]);
    expect(show([person('a')]).people).toEqual([person('a')]);
  });

  it('keeps who stayed', () => {
    const { show, view } = page();
    show([person('a'), person('b')]);
    const b = view.people[1];
    show([person('c'), person('b')]);
    expect(view.people[1]).toBe(b);
    show([person('b', { hand: 0 })]);
    expect(view.people[0]).toBe(b);
  });

  it('is whole again whatever happened', () => {
    const { show } = page();
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 500; round++) {
      const people = [...'abcdefgh'].filter(() => random(3) > 0).map((device) => person(device, {
        hand: random(3) || null, mic_on: random(2) > 0, met: random(2) ? 'never' : { same_device_as: `${random(2)}` },
      }));
      show(people.sort(() => random(3) - 1));
    }
  });
});
