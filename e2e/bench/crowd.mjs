// A crowd at the door: `node e2e/bench/crowd.mjs [people] [within seconds]`. Headless people knock from one address at a
// host in Chromium, who presses **Admit all** once all of them wait. Everything shares this machine's cores.
import { chromium, host, openParticipants } from '../lib/people.mjs';
import { letIn } from '../lib/crowd.mjs';
import { startServer } from '../lib/server.mjs';

const [count, within] = [Number(process.argv[2] ?? 250), Number(process.argv[3] ?? 10)];
const server = await startServer();
const anna = await chromium('red');
try {
  const { page, link } = await host(anna, server, 'Anna');
  page.limit = 180_000;
  await openParticipants(page);
  const { report, knocked, shown, toMeeting, toFrame, longTasks, cpu, memory } = await letIn({ server, page, link, count, within });
  const longest = Math.max(0, ...longTasks);
  console.log(`| ${count} people | median | p95 | last |\n|---|---|---|---|`);
  console.log(`| Admit all to in the meeting, ms | ${toMeeting.p50} | ${toMeeting.p95} | ${toMeeting.max} |`);
  console.log(`| Admit all to the first frame of the host, ms | ${toFrame.p50} | ${toFrame.p95} | ${toFrame.max} |`);
  console.log(`${report.joins.joined} of ${report.joins.wanted} got in, ${toFrame.n} saw or heard the host; all waited ${knocked} ms after the first began to knock; the host's list was whole ${shown} ms after the click`);
  console.log(`server: ${cpu.knocking} ms of CPU while they knocked, ${cpu.entering} ms while they entered; ${memory.before.toFixed(0)} MB before, ${memory.waiting.toFixed(0)} MB with all waiting, ${memory.full.toFixed(0)} MB with all inside`);
  console.log(`host's page: ${longTasks.length} tasks over 50 ms since the click, the longest ${longest.toFixed(0)} ms`);
  console.log(`the crowd itself: ${report.tool.cpu_us_per_packet} µs of CPU a datagram; ${report.problems.join('; ') || 'no problems'}`);
} finally {
  await anna.browser.close();
  await server.stop();
}
