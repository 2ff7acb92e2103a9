// People who come and go without pause, all of them headless: node bench/churn.mjs SECONDS [A SECOND]
// Each leaves a second after it came in, but for two of each second's, whom the others follow and who leave last. Four who stay
// hear each other all the time. Prints the server's and the host's work and
// memory, then how many got in, how long that took over time, and the longest silence of those who stayed.
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { usage } from '../lib/crowd.mjs';
import { binary, startServer } from '../lib/server.mjs';

const [seconds, each] = [Number(process.argv[2] ?? 60), Number(process.argv[3] ?? 50)];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const server = await startServer();
const host = spawn(binary('incamera'), ['host', server.url, '--name', 'Host', '--admit-all'], { stdio: ['ignore', 'pipe', 'inherit'] });
const link = await new Promise((resolve) => createInterface({ input: host.stdout }).once('line', resolve));

async function load(...options) {
  const { stdout } = await promisify(execFile)(binary('incamera'), ['load', '--url', link, '--tiles', '0', '--within', '1', '--wait', '60', ...options],
    { maxBuffer: 1 << 24 }).catch((error) => error);
  return JSON.parse(stdout);
}

const stay = load('--participants', '4', '--mls', '4', '--speakers', '1', '--seconds', `${seconds + 5}`);
await pause(3_000);
const groups = [];
const used = () => [usage(server.child.pid), usage(host.pid)];
let before = used();
for (let second = 1; second <= seconds; second++) {
  groups.push(load('--participants', `${each}`, '--mls', '2', '--speakers', '0', '--leave-after', '1'));
  await pause(1_000);
  if (second % 10 > 0 && second < seconds) continue;
  const now = used();
  const [a, b] = now.map(({ cpu, memory }, i) => `${((cpu - before[i].cpu) / 1_000).toFixed(1)} s of CPU, ${memory.toFixed(0)} MB`);
  console.log(`${second} s: server ${a}; host ${b}`);
  before = now;
}
const reports = await Promise.all(groups);
const sum = (pick) => reports.reduce((all, report) => all + pick(report), 0);
const late = (part) => Math.max(...part.map(({ join_ms: { p95 } }) => p95));
const tenth = Math.ceil(reports.length / 10);
console.log(JSON.stringify({
  wanted: sum(({ joins }) => joins.wanted), joined: sum(({ joins }) => joins.joined),
  'join p95 of each tenth, ms': Array.from({ length: 10 }, (_, i) => reports.slice(i * tenth, (i + 1) * tenth)).filter((part) => part.length > 0).map(late),
  'silence of those who stayed, ms': (await stay).audio_gap_ms,
}));
host.kill('SIGTERM');
await server.stop();
