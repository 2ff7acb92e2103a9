// People meet: right picture, right sound, right name, in both browsers and headless.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { headlessFiles } from '../lib/clips.mjs';
import { admit, by, chromium, click, firefox, host, inMeeting, knock, reads } from '../lib/people.mjs';
import { hears, hearsRecorded, packetsReceived, seesAllLines, seesMoving } from '../lib/probes.mjs';
import { binary, free, metrics, startServer } from '../lib/server.mjs';

let server, metricsPort;
const people = [];
const children = [];
before(async () => {
  metricsPort = await free();
  server = await startServer({ args: ['--metrics-listen', `127.0.0.1:${metricsPort}`] });
});
after(async () => {
  for (const child of children) child.kill('SIGTERM');
  await Promise.allSettled(people.map((p) => p.browser.close()));
  await server?.stop();
});
const person = async (start, sender) => {
  const made = await start(sender);
  people.push(made);
  return made;
};

const code = async (page) => {
  await click(page, 'Encryption');
  await by(page, 'dialog', 'Meeting code').wait();
  const text = await page.evaluate(() => document.querySelector('[role=dialog]').innerText);
  await page.keyboard.press('Escape');
  return /(\d{5}\s+){5}\d{5}/.exec(text)?.[0].replace(/\s+/g, ' ');
};

test('a host and a guest in Chromium see and hear each other', async () => {
  const anna = await person(chromium, 'red');
  const ben = await person(chromium, 'green');
  const { page: annas, link } = await host(anna, server, 'Anna');
  const bens = await knock(ben, link, 'Ben');

  await reads(bens, 'Waiting for the host to let you in');
  assert.equal(await packetsReceived(bens), 0, 'no media before admission');
  await admit(annas, 'Ben');
  await Promise.all([inMeeting(bens), by(annas, 'group', 'Ben').wait()]);

  await Promise.all([
    seesMoving(bens, 'Anna', 'red'), hears(bens, 'red'),
    seesMoving(annas, 'Ben', 'green'), hears(annas, 'green'),
  ]);
  const { media_unhurried_in_total: feedback } = await metrics(metricsPort);
  assert.ok(feedback > 10, `Chromium's transport feedback wakes no thread: ${feedback}`);
  const [hers, his] = [await code(annas), await code(bens)];
  assert.ok(hers, 'the meeting code has six groups of five digits');
  assert.equal(hers, his, 'both read the same meeting code');
  assert.deepEqual([...annas.problems, ...bens.problems], []);
});

test('Chromium and Firefox meet, and a headless participant joins them', async () => {
  const carla = await person(chromium, 'blue');
  const dora = await person(firefox, 'yellow');
  const { page: carlas, link } = await host(carla, server, 'Carla');
  const doras = await knock(dora, link, 'Dora');
  await admit(carlas, 'Dora');
  await inMeeting(doras);
  await Promise.all([
    seesMoving(doras, 'Carla', 'blue'), hearsRecorded(doras, 'blue'),
    seesMoving(carlas, 'Dora', 'yellow'), hears(carlas, 'yellow'),
  ]);
  // Their cameras are small: neither browser may send only the quarter and the half of it.
  await Promise.all([seesAllLines(doras, 'Carla', 360), seesAllLines(carlas, 'Dora', 360)]);

  const { video, audio } = headlessFiles('green');
  const child = spawn(binary('incamera'), ['join', link, '--name', 'Emil', '--video', video, '--audio', audio],
    { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  await admit(carlas, 'Emil');
  await Promise.all([
    seesMoving(carlas, 'Emil', 'green'), hears(carlas, 'green'),
    seesMoving(doras, 'Emil', 'green'), hearsRecorded(doras, 'green'),
  ]);
});
