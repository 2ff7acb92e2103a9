// Whether the server answers, found out within a fraction of a second of when it does.

/** A probe may hang where the first packets were lost, so others follow it; milliseconds. */
const PROBES_AFTER = [0, 600, 1_200, 1_800, 2_400];
const PATIENCE_MS = 3_000;

/** Resolves when the first of several requests is answered, or to false when none is in time. */
export async function reachable(origin: string, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener('abort', end);
  const timer = setTimeout(end, PATIENCE_MS);
  try {
    await Promise.any(PROBES_AFTER.map((after) => probe(new URL('/healthz', origin), after, over.signal)));
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    end();
  }
}

async function probe(address: URL, after: number, signal: AbortSignal) {
  await new Promise((resolve) => setTimeout(resolve, after));
  signal.throwIfAborted();
  const response = await fetch(address, { cache: 'no-store', credentials: 'omit', signal });
  // A refusal for too many requests is an answer too; a proxy without its server says 502 or 503.
  if (response.status >= 500) throw new Error('the server is not ready');
}
