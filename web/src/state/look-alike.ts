// Names that people could take for one another: the same, or the same to the eye.

/** Letters of other alphabets, and signs, that look like a Latin one. */
const TWINS: Record<string, string> = {
  а: 'a', в: 'b', с: 'c', е: 'e', н: 'h', і: 'i', ј: 'j', к: 'k', м: 'm', о: 'o', р: 'p', ѕ: 's', т: 't', у: 'y', х: 'x',
  α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'i', κ: 'k', μ: 'u', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x', ω: 'w',
  '0': 'o', '1': 'l', i: 'l', '|': 'l', '5': 's', ı: 'l', ł: 'l', ø: 'o', đ: 'd',
};

/** What the eye keeps of a name. */
export function skeleton(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/[^\p{L}\p{N}|]/gu, '');
  return [...plain].map((letter) => TWINS[letter] ?? letter).join('').replace(/rn/g, 'm').replace(/vv/g, 'w');
}

/** The devices whose names another person here could be taken for. */
export function lookAlikes(people: { device: string; name: string }[]): Set<string> {
  const bySkeleton = new Map<string, string[]>();
  for (const { device, name } of people) {
    const key = skeleton(name);
    if (key !== '') bySkeleton.set(key, [...(bySkeleton.get(key) ?? []), device]);
  }
  return new Set([...bySkeleton.values()].filter((devices) => devices.length > 1).flat());
}
