// Hundreds of people at the door of a host in a real browser.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { click, until } from './people.mjs';
import { binary } from './server.mjs';

/** CPU time (ms) and resident memory (MB) of a process. */
export function usage(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, memory: kilobytes / 1024 };
}

/** Keeps how long each task over 50 ms took in the page, in `window.longTasks`. */
export const watchLongTasks = (page) => page.evaluate(() => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: 'longtask' });
});

/**
 * `count` headless people knock within `within` seconds, all from one address; once all of them wait, the host presses
 * **Admit all**, and they stay for `seconds`. The participants panel is open in `page`. Times in ms, memory in MB.
 */
export async function letIn({ server, page, link, count, within, seconds = 5 }) {
  const before = usage(server.child.pid);
  const load = promisify(execFile)(binary('incamera'), ['load', '--url', link, '--participants', `${count}`,
    '--within', `${within}`, '--seconds', `${seconds}`], { maxBuffer: 1 << 24 });
  load.catch(() => {});
  const began = Date.now();
  await until(page, `${count} wait`, (wanted) =>
    document.querySelectorAll('ul[aria-label="Waiting room"] > li').length === wanted, count);
  const knocked = Date.now() - began;
  const waiting = usage(server.child.pid);
  await watchLongTasks(page);
  const admitted = Date.now();
  await click(page, 'Admit all');
  await until(page, `${count} are in`, (wanted) =>
    document.querySelectorAll('ul[aria-label="In the meeting"] > li').length === wanted + 1, count);
  const shown = Date.now() - admitted;
  const full = usage(server.child.pid);
  const report = JSON.parse((await load).stdout);
  const since = ({ n, p50, p95, max }) => {
    const [median, late, last] = [p50, p95, max].map((at) => report.began_unix_ms + at - admitted);
    return { n, p50: median, p95: late, max: last };
  };
  return {
    report, knocked, shown,
    toMeeting: since(report.joined_at_ms),
    toFrame: since(report.first_frame_at_ms),
    longTasks: await page.evaluate(() => window.longTasks),
    cpu: { knocking: waiting.cpu - before.cpu, entering: full.cpu - waiting.cpu },
    memory: { before: before.memory, waiting: waiting.memory, full: full.memory },
  };
}
