import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { holdMeeting } from './device-lock';

/** Locks as a browser has them, for one name: the next in line gets it when the holder is gone. */
let release: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  const free = new Promise<void>((resolve) => { release = resolve; });
  vi.stubGlobal('navigator', {
    locks: {
      request: (_: string, { signal }: { signal: AbortSignal }, take: () => Promise<never>) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
          void free.then(() => signal.aborted || take());
        }),
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const released = async (after: number, reloaded: boolean) => {
  const held = holdMeeting('meeting', () => {}, { reloaded });
  await vi.advanceTimersByTimeAsync(after);
  release();
  return held;
};

test('a tab that was just opened is soon told that another has the meeting', async () => {
  expect(await released(3_000, false)).toBe(false);
});

test('a reloaded page outwaits its former self on a slow device, and no longer', async () => {
  expect(await released(8_000, true)).toBe(true);
});

test('a reloaded page whose meeting another tab keeps is told so in the end', async () => {
  expect(await released(11_000, true)).toBe(false);
});
