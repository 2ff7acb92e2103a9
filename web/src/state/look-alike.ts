// Names that people could take for one another: the same, or the same to the eye.

/** Capitals whose small form looks like another letter than they do. */
const CAPITALS: Record<string, string> = { Η: 'h', Μ: 'm', Ν: 'n', Ζ: 'z', Υ: 'y', Β: 'b', Н: 'h', В: 'b', З: '3', Г: 'r', Γ: 'r' };

/** Letters of other alphabets, and signs, that look like a Latin one. */
const TWINS: Record<string, string> = {
  а: 'a', в: 'b', ь: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', н: 'h', і: 'l', ӏ: 'l', ј: 'j', к: 'k', м: 'm', п: 'n', о: 'o', р: 'p', ԛ: 'q', г: 'r', ѕ: 's', т: 't', у: 'y',
  ѵ: 'v', ԝ: 'w', ѡ: 'w', х: 'x', з: '3',
  α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'l', κ: 'k', μ: 'u', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x', ω: 'w', γ: 'y',
  ա: 'w', հ: 'h', ո: 'n', ս: 'u', օ: 'o', ց: 'g', զ: 'q',
  '0': 'o', '1': 'l', i: 'l', '|': 'l', '5': 's', ı: 'l', ł: 'l', ø: 'o', đ: 'd', ð: 'd', ħ: 'h', ɡ: 'g', ɑ: 'a', ß: 'ss', æ: 'a', œ: 'o',
};

/** What the eye keeps of a name: no case, accents, spaces or signs, and *Mueller* as *Müller*. */
export function skeleton(name: string): string {
  const letters = [...name.normalize('NFKD')].map((letter) => CAPITALS[letter] ?? letter).join('');
  const plain = letters.toLowerCase().replace(/[^\p{L}\p{N}|]/gu, '');
  const latin = [...plain].map((letter) => TWINS[letter] ?? letter).join('');
  return latin.replace(/rn/g, 'm').replace(/vv/g, 'w').replace(/([aou])e/g, '$1');
}

/** Somebody else here whose name one could be taken for; `same` when it is no different at all. */
export interface Resemblance { name: string; same: boolean }

interface Named { device: string; name: string }

/** Of each device whose name another person here could be taken for: whose. */
export function resemblances(people: readonly Named[]): Map<string, Resemblance> {
  const bySkeleton = new Map<string, Named[]>();
  for (const one of people) {
    const key = skeleton(one.name);
    if (key !== '') bySkeleton.set(key, [...(bySkeleton.get(key) ?? []), one]);
  }
  const found = [...bySkeleton.values()].flatMap((alike) => alike.map((one) => [one.device, resembles(one, alike)] as const));
  return new Map(found.filter((pair): pair is [string, Resemblance] => pair[1] !== null));
}

function resembles({ device, name }: Named, alike: Named[]): Resemblance | null {
  const others = alike.filter((other) => other.device !== device);
  const twin = others.find((other) => other.name.toLowerCase() === name.toLowerCase());
  const other = twin ?? others[0];
  return other ? { name: other.name, same: other === twin } : null;
}
