/** The path of a meeting on this server, or the id of the words that say why not. */
export function readLink(text: string, origin: string): string {
  const trimmed = text.trim();
  if (/^[A-Za-z0-9_-]{22}$/.test(trimmed)) return `/m/${trimmed}`;
  const address = URL.parse?.(trimmed) ?? tryUrl(trimmed);
  if (!address || !/^\/m\/[A-Za-z0-9_-]{22}\/?$/.test(address.pathname)) return 'join-bad';
  if (address.origin !== origin) return 'join-elsewhere';
  return address.pathname + address.hash;
}

function tryUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
