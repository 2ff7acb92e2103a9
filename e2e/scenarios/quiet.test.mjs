// What a session leaves behind: no other origin, no cookie, no word of it at the server; and no
// accessibility violation on any page.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { headlessFiles } from '../lib/clips.mjs';
import { admit, by, chromium, click, host, inMeeting, knock, newPage, reads } from '../lib/people.mjs';
import { seesMoving } from '../lib/probes.mjs';
import { binary, startServer } from '../lib/server.mjs';

let server, anna, ben, carl;
before(async () => {
  server = await startServer();
  [anna, ben] = await Promise.all([chromium('red'), chromium('green')]);
});
after(async () => {
  carl?.kill('SIGTERM');
  await Promise.allSettled([anna, ben].map((p) => p?.browser.close()));
  await server?.stop();
});

/** 24 bytes from the middle of each larger frame of an IVF file: media as its sender encoded it. */
function mediaSamples(path) {
  const file = readFileSync(path);
  const samples = [];
  for (let at = 32; at + 12 <= file.length;) {
    const size = file.readUInt32LE(at);
    const middle = at + 12 + (size >> 1);
    if (size > 100) samples.push(file.subarray(middle, middle + 24));
    at += 12 + size;
  }
  return samples;
}

test('a whole session stays quiet, private and accessible', async () => {
  const home = await newPage(anna);
  await home.goto(server.url);
  await by(home, 'button', 'New meeting').wait();
  await accessible(home, 'home');

  const { page: annas, link } = await host(anna, server, 'Annabel Quietword');
  await accessible(annas, 'empty room');
  const bens = await knock(ben, link, 'Benedict Hushname');
  await reads(bens, 'Waiting for the host to let you in');
  await accessible(bens, 'waiting');
  await admit(annas, 'Benedict Hushname');
  await inMeeting(bens);
  await seesMoving(bens, 'Annabel Quietword', 'red');
  await accessible(annas, 'participants panel');
  await click(bens, 'Chat');
  await by(bens, 'textbox', 'Message').fill('the pass is rhubarbcustard');
  await click(bens, 'Send');
  await click(annas, 'Chat');
  await reads(annas, 'rhubarbcustard');
  await accessible(annas, 'chat');
  await accessible(bens, 'in the meeting');

  const { video, audio } = headlessFiles('green');
  carl = spawn(binary('incamera'), ['join', link, '--name', 'Carl Mutedword', '--video', video, '--audio', audio], { stdio: 'ignore' });
  await admit(annas, 'Carl Mutedword');
  await seesMoving(annas, 'Carl Mutedword', 'green');

  const origin = new URL(server.url).origin;
  for (const page of [annas, bens]) {
    const foreign = page.requests.filter((u) => !u.startsWith(origin) && !u.startsWith('blob:') && !u.startsWith('data:'));
    assert.deepEqual(foreign, [], 'requests to other origins');
    assert.deepEqual(await page.cookies(), [], 'cookies');
    assert.deepEqual(page.problems, [], 'console errors');
  }

  const [, fragment] = link.split('#');
  const secret = fragment.split('.')[1];
  const words = ['Annabel', 'Quietword', 'Benedict', 'Hushname', 'Mutedword', 'rhubarbcustard', secret];
  const samples = mediaSamples(video);
  assert.ok(samples.length > 20, 'media to look for');
  const binarySecret = Buffer.from(secret, 'base64url');
  const memory = join(server.dir, 'memory');
  execFileSync('gcore', ['-o', memory, String(server.child.pid)], { stdio: 'ignore' });
  const places = readdirSync(server.dir).map((file) => [file, readFileSync(join(server.dir, file))]);
  places.push(['log', Buffer.from(server.log)]);
  assert.ok(places.some(([file, bytes]) => file.startsWith('memory') && bytes.length > 1_000_000), 'a memory dump was taken');
  assert.ok(places.some(([file, bytes]) => file.startsWith('memory') && bytes.includes('incamera')), 'the dump is readable');
  for (const [file, bytes] of places) {
    for (const word of words) assert.ok(!bytes.includes(word), `${file} contains "${word}"`);
    assert.ok(!bytes.includes(binarySecret), `${file} contains the link's secret`);
    for (const sample of samples) assert.ok(!bytes.includes(sample), `${file} contains media in the clear`);
  }
  await click(bens, 'Leave');
  await reads(bens, 'You have left');
  await accessible(bens, 'left');
});
