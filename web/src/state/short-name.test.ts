import { describe, expect, it } from 'vitest';
import { shortName } from './short-name';

describe('the short form of a name', () => {
  it('is the first name and the last initial', () => {
    expect(shortName('Maria Kowalska')).toBe('Maria K.');
    expect(shortName('  maria   de la cruz ')).toBe('maria C.');
    expect(shortName('Zoë O\u0308zil')).toBe('Zoë Ö.');
    expect(shortName('Мария Иванова')).toBe('Мария И.');
  });
  it('is not offered where nothing can be left out', () => {
    for (const name of ['', 'Maria', 'Maria K.', 'Maria K', 'Dr. Müller', 'J. Smith', 'Anna & Ben', 'Anna und Ben', 'Room 12', '田中 太郎', 'مريم خليل', 'Anna 🙂🙂']) {
      expect(shortName(name)).toBe('');
    }
  });
});
