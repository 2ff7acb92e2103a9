import { describe, expect, it } from 'vitest';
import { lookAlikes, skeleton } from './look-alike';

describe('names that could be taken for one another', () => {
  it('are the same to the eye', () => {
    for (const twin of ['Аnna M.', 'anna m', 'Ánna  M', 'Annа M.']) expect(skeleton(twin)).toBe(skeleton('Anna M.'));
    expect(skeleton('Bernard')).toBe(skeleton('Bemard'));
    expect(skeleton('Ivan')).toBe(skeleton('lvan'));
  });
  it('and not those that differ', () => {
    expect(skeleton('Anna M.')).not.toBe(skeleton('Anna K.'));
    expect(lookAlikes([{ device: 'a', name: 'Ana' }, { device: 'b', name: 'Bo' }, { device: 'c', name: 'ANA' }])).toEqual(new Set(['a', 'c']));
  });
  it('an empty name resembles nobody', () => {
    expect(lookAlikes([{ device: 'a', name: '…' }, { device: 'b', name: '!' }]).size).toBe(0);
  });
});
