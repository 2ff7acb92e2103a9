// Memory and descriptors of a server that people come to and leave for hours: `node e2e/bench/soak.mjs [hours]`. Ten people, two
// of them with camera and microphone, join a meeting, stay half a minute and leave, again and again; every tenth time in a meeting of its
// own. Looked at whenever all have left. Prints growth per hour, by the straight line that fits best after the first sixth.
import { execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { headlessFiles } from '../lib/clips.mjs';
import { usage } from '../lib/crowd.mjs';
import { binary, startServer } from '../lib/server.mjs';

const hours = Number(process.argv[2] ?? 1);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const server = await startServer();
const { audio, video } = headlessFiles('yellow');
const host = spawn(binary('incamera'), ['host', server.url, '--name', 'Host', '--admit-all'], { stdio: ['ignore', 'pipe', 'ignore'] });
const seen = [];
const began = Date.now();

/** What the least-squares line through these points (hours, value) rises by in an hour. */
function slope(points) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  return points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}

try {
  const link = await new Promise((resolve) => createInterface({ input: host.stdout }).once('line', resolve));
  for (let turn = 1; Date.now() - began < hours * 3_600_000; turn++) {
    const place = turn % 10 === 0 ? ['--server', server.url] : ['--url', link];
    const { stdout } = await promisify(execFile)(binary('incamera'), ['load', ...place, '--participants', '10', '--publish', '2',
      '--audio', audio, '--video', video, '--within', '2', '--seconds', '30'], { maxBuffer: 1 << 24 }).catch((error) => error);
    const { joins } = JSON.parse(stdout);
    await pause(5_000);
    const { memory } = usage(server.child.pid);
    const descriptors = readdirSync(`/proc/${server.child.pid}/fd`).length;
    seen.push([(Date.now() - began) / 3_600_000, memory, descriptors]);
    console.log(`${seen.at(-1)[0].toFixed(3)} h: ${joins.joined} of ${joins.wanted} were in; ${memory.toFixed(1)} MB, ${descriptors} descriptors`);
  }
  const settled = seen.slice(Math.ceil(seen.length / 6));
  console.log(`${slope(settled.map(([at, memory]) => [at, memory])).toFixed(2)} MB and ${slope(settled.map(([at, , open]) => [at, open])).toFixed(2)} descriptors an hour, ${seen.length} turns`);
} finally {
  host.kill('SIGTERM');
  await pause(500);
  console.log(`the server ended with ${await server.stop()}`);
}
