// In a meeting a first name and an initial are enough.

/** Between these stand two people, or something that is no name. */
const NO_ONE_PERSON = /[&+/,;()@\d]|\s(and|und|et|y|e)\s/iu;

/** *Maria K.* for *Maria Kowalska*; empty where nothing can be left out of the name. */
export function shortName(name: string): string {
  const words = name.trim().split(/\s+/u);
  const [first = '', last = ''] = [words[0], words.at(-1)];
  // A title before the name, and initials, are short already.
  if (words.length < 2 || first.endsWith('.') || letters(last).length < 2 || NO_ONE_PERSON.test(name)) return '';
  const initial = letters(last)[0]?.toUpperCase() ?? '';
  // Where letters have no capitals, a single one is no initial.
  return initial === initial.toLowerCase() ? '' : `${first} ${initial}.`;
}

const letters = (word: string): string[] => word.normalize('NFC').match(/\p{L}\p{M}*/gu) ?? [];
