// Of the people in a view only those that changed go from the worker to the page: in a crowd, to copy and compare
// hundreds of them takes longer than all else that a view brings with it.

import type { Person, View } from './core';

export type ShortView = Omit<View, 'people'> & {
  /** A person, or the place in the view before this one of somebody who is as before. */
  people: (Person | number)[];
};

/** Shortens views, one after the other; they are to be restored in the same order. */
export function createShortener(): (view: View) => ShortView {
  let before = new Map<string, number>();
  return (view) => {
    const texts = view.people.map((person) => JSON.stringify(person));
    const people = view.people.map((person, place) => before.get(texts[place]!) ?? person);
    before = new Map(texts.map((text, place) => [text, place]));
    return { ...view, people };
  };
}

/** `before` are the people of the view before this one. */
export function restore(short: ShortView, before: Person[]): View {
  return { ...short, people: short.people.map((person) => (typeof person === 'number' ? before[person]! : person)) };
}
