import { FluentBundle, FluentResource } from '@fluent/bundle';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLink } from '../src/ui/read-link';

const root = new URL('../src/', import.meta.url).pathname;
const english = readFileSync(join(root, 'locales/en.ftl'), 'utf8');
const files = (folder: string): string[] => readdirSync(folder).flatMap((name) => {
  const path = join(folder, name);
  return statSync(path).isDirectory() ? files(path) : /\.tsx?$/.test(name) ? [path] : [];
});

test('every string the code names has words', () => {
  const bundle = new FluentBundle('en');
  expect(bundle.addResource(new FluentResource(english))).toEqual([]);
  const used = files(root).flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/\bt\('([a-z0-9-]+)'/g)].map((match) => match[1] ?? ''));
  expect(used.length).toBeGreaterThan(60);
  expect(used.filter((id) => !bundle.hasMessage(id))).toEqual([]);
});

test('every way a visit can end has words', () => {
  const ends = ['declined', 'locked', 'full', 'bad-link', 'no-such-meeting', 'wrong-host-key', 'other-tab', 'stale-group',
    'version', 'busy', 'internal', 'removed', 'ended', 'left', 'unsupported', 'insecure', 'not-found'];
  for (const end of ends) {
    expect(english).toContain(`\n${end}-title = `);
    expect(english).toContain(`\n${end}-what = `);
  }
});

test('a pasted link leads to the meeting with its secret, an ID without', () => {
  const id = 'q3Jx0pVn2mKd8TzYbLw4Rg';
  expect(readLink(` https://meet.example/m/${id}#1.a.b `, 'https://meet.example')).toBe(`/m/${id}#1.a.b`);
  expect(readLink(id, 'https://meet.example')).toBe(`/m/${id}`);
  expect(readLink(`https://evil.example/m/${id}#1.a.b`, 'https://meet.example')).toBe('join-elsewhere');
  expect(readLink('javascript:alert(1)', 'https://meet.example')).toBe('join-bad');
  expect(readLink('', 'https://meet.example')).toBe('join-bad');
});
