import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reachable } from './reachable';

const ORIGIN = 'https://meet.example.org';
const never = () => new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A request that hangs until it is given up. */
const hanging = (_: URL, { signal }: RequestInit) =>
  new Promise<Response>((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));

test('an answer to a later probe is enough while an earlier one hangs', async () => {
  const fetch = vi.fn(hanging).mockImplementationOnce(hanging).mockImplementationOnce(async () => new Response('ok'));
  vi.stubGlobal('fetch', fetch);
  const answer = reachable(ORIGIN, never());
  await vi.advanceTimersByTimeAsync(600);
  expect(await answer).toBe(true);
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('silence is given up after three seconds, and nothing is left running', async () => {
  const signals: AbortSignal[] = [];
  vi.stubGlobal('fetch', vi.fn((url: URL, init: RequestInit) => {
    if (init.signal) signals.push(init.signal);
    return hanging(url, init);
  }));
  const answer = reachable(ORIGIN, never());
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await answer).toBe(false);
  expect(signals).toHaveLength(5);
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});

test('a server that refuses for too many requests is there', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => new Response('slow down', { status: 429 })));
  const answer = reachable(ORIGIN, never());
  await vi.advanceTimersByTimeAsync(0);
  expect(await answer).toBe(true);
});

test('a server that is not ready does not count, and a cancelled attempt ends at once', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => new Response('draining', { status: 503 })));
  const refused = reachable(ORIGIN, never());
  await vi.advanceTimersByTimeAsync(2_400);
  expect(await refused).toBe(false);

  vi.stubGlobal('fetch', vi.fn(hanging));
  const attempt = new AbortController();
  const cancelled = reachable(ORIGIN, attempt.signal);
  await vi.advanceTimersByTimeAsync(100);
  attempt.abort();
  await vi.advanceTimersByTimeAsync(2_400);
  expect(await cancelled).toBe(false);
});
