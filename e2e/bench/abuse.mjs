// What attackers do to others' call: two Chromium, one Firefox and ten headless people talk while each attack runs.
// Here all of them share the cores. As it would be with machines of their own (root only), the server and two headless people, one who
// speaks and one who listens, come before all others, then the browsers; the other eight and the attacker share the rest.
// `node e2e/bench/abuse.mjs [seconds] [names…]`; ATTACK names the attacker's program, CAMERAS how many browsers show one. Prints a table.
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { usage } from '../lib/crowd.mjs';
import { chromium, click, firefox, inMeeting, knock } from '../lib/people.mjs';
import { FIRST, putBefore, putFirst } from '../lib/priority.mjs';
import { binary, free, metrics, startServer } from '../lib/server.mjs';
import { listen, longestMadeUp, longestSilence, watchSilence } from '../lib/silence.mjs';

const seconds = Number(process.argv[2] ?? 10);
const attacker = process.env.ATTACK ?? `${process.env.INCAMERA_BIN}/examples/attack`;
// Each camera takes half a core or more of those who share two here: encoded in layers, decoded and drawn without a graphics card.
const cameras = Number(process.env.CAMERAS ?? 1);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Name and arguments; `rate` is datagrams, messages or sockets. */
const ATTACKS = [
  ['nothing', null],
  // In people's names, through raw sockets.
  ...(process.getuid() === 0 ? [['forged', 20_000], ['again', 5_000], ['copied', 2_000]] : []),
  ['stun', 20_000], ['junk', 20_000], ['mutated', 50_000], ['hello', 1_000],
  ['half-open', 5_000], ['slow-loris', 5_000],
  ['messages', 100_000], ['large', 50], ['deep', 50], ['hands', 1_000], ['offers', 500],
  ['replay', 5_000], ['mutated-member', 20_000], ['garbage', 2_000], ['keyframes', 1_000],
].filter(([name]) => process.argv.length < 4 || process.argv.slice(3).includes(name));

const [mediaPort, metricsPort] = [await free(), await free()];
const server = await startServer({ media: `0.0.0.0:${mediaPort}`, args: ['--metrics-listen', `127.0.0.1:${metricsPort}`] });
const children = [];
const people = [];
const pages = () => people.map(({ page }) => page);

function start(...args) {
  const child = spawn(binary('incamera'), args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
}

const comeFirst = putFirst(server.child.pid);
if (!comeFirst) console.log('not root: the server and those who are measured share the cores with everyone, and nobody forges names');

/** Headless people, started behind `before`: what they report when the attack is over. */
async function headless(link, before, participants, speakers) {
  const [program, ...args] = [...before, binary('incamera'), 'load', '--url', link, '--participants', `${participants}`, '--within', '1',
    '--speakers', `${speakers}`, '--seconds', `${seconds + 8}`];
  // It ends with an error when it has something to complain of; what it counted stands all the same.
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1 << 24 }).catch((error) => error);
  return JSON.parse(stdout);
}

/** Ten headless listeners, no more voices than there are places, for as long as the attack takes, and the attack. */
async function suffer(link, [name, rate]) {
  const [pair, crowd] = [headless(link, comeFirst ? FIRST : [], 2, 1), headless(link, [], 8, 0)];
  await pause(5_000);
  await listen(pages());
  const [before, counted, began] = [usage(server.child.pid), await metrics(metricsPort), Date.now()];
  let done = null;
  if (rate === null) await pause(seconds * 1_000);
  else {
    const { stdout } = await promisify(execFile)(attacker, [name, '--seconds', `${seconds}`, '--rate', `${rate}`,
      '--media', `127.0.0.1:${mediaPort}`, '--to', new URL(server.url).host, '--url', link], { timeout: (seconds + 60) * 1_000 });
    done = JSON.parse(stdout);
  }
  const [after, recounted, took] = [usage(server.child.pid), await metrics(metricsPort), (Date.now() - began) / 1_000];
  const [silence, madeUp] = [await longestSilence(pages()), await longestMadeUp(pages())];
  const [measured, report] = [await pair, await crowd];
  const grown = Object.entries(recounted).map(([key, value]) => [key, value - (counted[key] ?? 0)])
    .filter(([key, value]) => value > 0 && /refused|excess|unknown|unread/.test(key))
    .map(([key, value]) => `${key.replace(/refused_total\{reason="(.*)"\}/, '$1')} ${value}`);
  const row = {
    attack: name, sent: done?.sent ?? 0, 'a second': done ? Math.round(done.sent / done.seconds) : 0,
    replies: done?.replies ?? 0, 'reply bytes': done?.reply_bytes ?? 0, 'cut off': done?.cut_off ?? 0,
    'server CPU %': Math.round((after.cpu - before.cpu) / took / 10), 'grown MB': Number((after.memory - before.memory).toFixed(1)),
    // Inter-arrival less 20 ms; the pages' is a whole one.
    'late, the two': measured.audio_gap_ms.max, 'heard by the two': measured.audio_gap_ms.n,
    'late, headless': report.audio_gap_ms.max, 'gap browsers': silence, 'made up browsers': madeUp,
    joined: measured.joins.joined + report.joins.joined, counted: grown.join(', '),
  };
  console.log(JSON.stringify(row));
  for (const problem of report.problems) console.log(`   ${problem}`);
  return row;
}

try {
  const host = start('host', server.url, '--name', 'Host', '--admit-all');
  const link = await new Promise((resolve) => createInterface({ input: host.stdout }).once('line', resolve));
  for (const [open, sender] of [[chromium, 'red'], [chromium, 'green'], [firefox, 'blue']]) {
    const person = await open(sender);
    people.push(person);
    person.page = await knock(person, link, sender);
    await inMeeting(person.page);
  }
  // The one voice is that of the two: what a browser sends has gaps of its own here.
  for (const page of pages()) await click(page, 'Mute');
  for (const page of pages().slice(cameras)) await click(page, 'Stop video');
  await watchSilence(pages());
  if (comeFirst) for (const { browser } of people) putBefore(browser);
  const rows = [];
  for (const attack of ATTACKS) rows.push(await suffer(link, attack));
  console.table(rows);
  for (const { page } of people) await inMeeting(page);
  console.log('everyone is still in the call');
} finally {
  for (const { browser } of people) await browser.close().catch(() => {});
  for (const child of children) child.kill('SIGTERM');
  await pause(500);
  console.log(`the server ended with ${await server.stop()}`);
}
