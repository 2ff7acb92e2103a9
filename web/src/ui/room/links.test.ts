import { describe, expect, it } from 'vitest';
import { splitLinks } from './links';

const links = (text: string) => splitLinks(text).filter(({ link }) => link).map((part) => part.text);

describe('addresses in a message', () => {
  it('are found without the sentence around them', () => {
    expect(links('See https://example.org/a?b=c, or (http://example.net).')).toEqual(['https://example.org/a?b=c', 'http://example.net']);
  });
  it('are only http and https, and carry no name that could pass for another host', () => {
    expect(links('javascript:alert(1) data:text/html,x ftp://a.b https://bank.example@evil.example/')).toEqual([]);
  });
  it('leave the text whole', () => {
    const text = 'a https://x.org b\nhttps://y.org.';
    expect(splitLinks(text).map((part) => part.text).join('')).toBe(text);
  });
});
