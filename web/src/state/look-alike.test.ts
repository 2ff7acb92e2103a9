import { describe, expect, it } from 'vitest';
import { resemblances, skeleton } from './look-alike';

describe('names that could be taken for one another', () => {
  it('are the same to the eye', () => {
    for (const twin of ['Аnna M.', 'anna m', 'Ánna  M', 'Annа M.', 'ＡＮＮＡ　Ｍ', 'Anna M 🙂']) expect(skeleton(twin)).toBe(skeleton('Anna M.'));
    expect(skeleton('Bernard')).toBe(skeleton('Bemard'));
    expect(skeleton('Ivan')).toBe(skeleton('lvan'));
    expect(skeleton('Вen')).toBe(skeleton('Ben'));
    expect(skeleton('ΗΕΝΝΙ')).toBe(skeleton('HENNI'));
    expect(skeleton('0tto')).toBe(skeleton('Otto'));
    for (const twin of ['Dr Müller', 'dr. muller', 'Dr. Mueller', 'Dr. Mu\u0308ller', 'Dr. Мüller']) expect(skeleton(twin)).toBe(skeleton('Dr. Müller'));
  });
  it('and not those that differ', () => {
    expect(skeleton('Anna M.')).not.toBe(skeleton('Anna K.'));
    expect(skeleton('Ben')).not.toBe(skeleton('Jen'));
    expect(skeleton('Müller')).not.toBe(skeleton('Miller'));
  });
  it('each says whose, and whether it is no different at all', () => {
    const found = resemblances([{ device: 'a', name: 'Ana' }, { device: 'b', name: 'Bo' }, { device: 'c', name: 'ANA' }, { device: 'd', name: 'Аna' }]);
    expect(found.get('a')).toEqual({ name: 'ANA', same: true });
    expect(found.get('c')).toEqual({ name: 'Ana', same: true });
    expect(found.get('d')).toEqual({ name: 'Ana', same: false });
    expect(found.has('b')).toBe(false);
  });
  it('an empty name resembles nobody', () => {
    expect(resemblances([{ device: 'a', name: '…' }, { device: 'b', name: '!' }]).size).toBe(0);
  });
});
