// A call in a fault of the machine.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { binary } from './server.mjs';
import { listen, longestSilence } from './silence.mjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Somebody headless who asks to be let in: when it was in, in ms since the epoch, or null when that took too long. */
async function comer(link, wait) {
  const { stdout } = await promisify(execFile)(binary('incamera'), ['load', '--url', link, '--participants', '1', '--within', '1',
    '--seconds', '2', '--wait', `${wait}`], { timeout: (wait + 30) * 1_000 }).catch((error) => error);
  const report = JSON.parse(stdout);
  return report.joins.joined === 1 ? report.began_unix_ms + report.joined_at_ms.max : null;
}

/**
 * Lets `fault` last for `seconds` while people hear each other in `pages`, and sends somebody to the door in the middle of it.
 * `during` and `after` are
 * the longest silences in ms; `entered` is when the comer was in, in ms from the end of the fault, and negative if before.
 */
export async function suffer({ server, link, pages, fault, seconds, patience = 20 }) {
  await listen(pages);
  const end = await fault.begin(server);
  await pause(seconds * 500);
  const someone = comer(link, Math.ceil(seconds / 2) + patience);
  await pause(seconds * 500);
  const during = await longestSilence(pages);
  await end();
  const ended = Date.now();
  const entered = await someone;
  await pause(1_000);
  await listen(pages);
  await pause(2_000);
  return {
    seconds, during, after: await longestSilence(pages),
    entered: entered === null ? null : entered - ended, settled: Date.now() - ended,
  };
}
