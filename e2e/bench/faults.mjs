// What faults of the machine do to a call: `node e2e/bench/faults.mjs [seconds] [names…]`, each lasting so long, one after another,
// while two people talk in browsers. Prints a table: the longest silence in the fault and after it, whether somebody could enter
// meanwhile, and how long after its end somebody who came meanwhile was in.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FAULTS, movableClock, smallDisk } from '../lib/faults.mjs';
import { chromium, inMeeting, knock } from '../lib/people.mjs';
import { binary, startServer } from '../lib/server.mjs';
import { suffer } from '../lib/suffer.mjs';
import { watchSilence } from '../lib/silence.mjs';

const seconds = Number(process.argv[2] ?? 300);
const wanted = process.argv.slice(3);
const own = mkdtempSync(join(tmpdir(), 'incamera-faults-'));
const clock = join(own, 'clock');
let unmount = null;
const server = await startServer({
  env: movableClock(clock) ?? {},
  prepare: (dir) => { unmount = smallDisk(dir); },
});
server.clock = clock;
const children = [];
const people = [];
try {
  const host = spawn(binary('incamera'), ['host', server.url, '--name', 'Host', '--admit-all'], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(host);
  const link = await new Promise((resolve) => createInterface({ input: host.stdout }).once('line', resolve));
  for (const sender of ['red', 'green']) {
    const person = await chromium(sender);
    people.push(person);
    person.page = await knock(person, link, sender);
    await inMeeting(person.page);
  }
  const pages = people.map(({ page }) => page);
  await watchSilence(pages);
  const rows = [];
  for (const name of Object.keys(FAULTS).filter((fault) => !wanted.length || wanted.includes(fault))) {
    if (name === 'disk full' && !unmount) console.log('disk full: left out, a small disk needs root');
    else if (name.startsWith('clock') && !movableClock(clock)) console.log(`${name}: left out, it needs libfaketime`);
    else {
      const lasts = name === 'server stopped' ? Math.min(seconds, 10) : seconds;
      rows.push({ fault: name, ...await suffer({ server, link, pages, fault: FAULTS[name], seconds: lasts }) });
      console.log(JSON.stringify(rows.at(-1)));
    }
  }
  console.table(rows);
} finally {
  for (const { browser } of people) await browser.close().catch(() => {});
  for (const child of children) child.kill('SIGTERM');
  server.child.kill('SIGTERM');
  await new Promise((resolve) => { if (server.child.exitCode === null) server.child.once('exit', resolve); else resolve(); });
  unmount?.();
  rmSync(server.dir, { recursive: true, force: true });
  rmSync(own, { recursive: true, force: true });
  if (server.log.trim()) console.log(server.log.trim().split('\n').slice(-(process.env.LOG_LINES ?? 12)).join('\n'));
}
