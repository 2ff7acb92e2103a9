// The server's memory for each connected participant, and its CPU while nobody sends:
// `node e2e/bench/memory.mjs [participants]`, headless participants of one meeting.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { binary, startServer } from '../lib/server.mjs';

const count = Number(process.argv[2] ?? 60);
const server = await startServer();
const children = [];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]);
const cpu = () => {
  const fields = readFileSync(`/proc/${server.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};
const start = (...args) => {
  const child = spawn(binary('incamera'), args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
};

try {
  const host = start('host', server.url, '--name', 'Host', '--admit-all');
  const link = await new Promise((resolve) => createInterface({ input: host.stdout }).once('line', resolve));
  await pause(2_000);
  const empty = memory();
  for (let number = 1; number <= count; number++) {
    start('join', link, '--name', `Guest ${number}`);
    await pause(150);
  }
  await pause(10_000);
  const full = memory();
  const [before, since] = [cpu(), Date.now()];
  await pause(20_000);
  const perSecond = (cpu() - before) / ((Date.now() - since) / 1_000);
  console.log(`host alone ${empty} kB; with ${count} guests ${full} kB: ${((full - empty) / count).toFixed(0)} kB for each`);
  console.log(`nobody sends: ${(perSecond * 1_000 / (count + 1)).toFixed(0)} µs of server CPU a second for each`);
} finally {
  for (const child of children) child.kill('SIGTERM');
  await pause(1_000);
  await server.stop();
}
