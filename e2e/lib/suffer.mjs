// A call in a fault of the machine.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { movableClock, smallDisk } from './faults.mjs';
import { chromium, inMeeting, knock } from './people.mjs';
import { putBefore, putFirst } from './priority.mjs';
import { binary, startServer } from './server.mjs';
import { listen, longestMadeUp, longestSilence, watchSilence } from './silence.mjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A server to which every fault can be done that can be made here, its headless host who admits everyone, and two people who talk
 * in browsers. `lacks` says why a fault cannot be made.
 */
export async function fragileCall() {
  const own = mkdtempSync(join(tmpdir(), 'incamera-faults-'));
  const clock = join(own, 'clock');
  const env = movableClock(clock);
  let unmount = null;
  const server = await startServer({ env: env ?? {}, prepare: (dir) => { unmount = smallDisk(dir); } });
  server.clock = clock;
  const host = spawn(binary('incamera'), ['host', server.url, '--name', 'Host', '--admit-all'], { stdio: ['ignore', 'pipe', 'ignore'] });
  server.link = await new Promise((resolve) => createInterface({ input: host.stdout }).once('line', resolve));
  const people = [];
  const call = {
    server, pages: [],
    lacks(fault) {
      if (fault === 'disk full' && !unmount) return 'a small disk needs root';
      return fault.startsWith('clock') && !env ? 'a clock of its own needs libfaketime' : null;
    },
    /** Server, host and browsers before all who come; false where that takes root. */
    putFirst() {
      if (![server.child, host].every(({ pid }) => putFirst(pid))) return false;
      for (const { browser } of people) putBefore(browser);
      return true;
    },
    async end() {
      for (const { browser } of people) await browser.close().catch(() => {});
      host.kill('SIGTERM');
      const ended = new Promise((resolve) => server.child.once('exit', resolve));
      server.child.kill('SIGTERM');
      const code = await ended;
      unmount?.();
      rmSync(server.dir, { recursive: true, force: true });
      rmSync(own, { recursive: true, force: true });
      return code;
    },
  };
  for (const sender of ['red', 'green']) {
    const person = await chromium(sender);
    people.push(person);
    person.page = await knock(person, server.link, sender);
    await inMeeting(person.page);
  }
  call.pages = people.map(({ page }) => page);
  await watchSilence(call.pages);
  return call;
}

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
 * the longest times without a packet in ms, `madeUp` the most sound that a browser had to invent in a row meanwhile;
 * `entered` is when the comer was in, in ms from the end of the fault, and negative if before.
 */
export async function suffer({ server, pages }, fault, seconds, patience = 20) {
  await listen(pages);
  const end = await fault.begin(server);
  await pause(seconds * 500);
  const someone = comer(server.link, Math.ceil(seconds / 2) + patience);
  await pause(seconds * 500);
  const [during, madeUp] = [await longestSilence(pages), await longestMadeUp(pages)];
  const more = await end();
  const ended = Date.now();
  const entered = await someone;
  await pause(1_000);
  await listen(pages);
  await pause(2_000);
  return {
    seconds, during, madeUp, after: await longestSilence(pages),
    entered: entered === null ? null : entered - ended, settled: Date.now() - ended, ...more,
  };
}
