// A room of nine: everyone's picture, under the right name, on a desktop and on a phone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { headlessFiles } from '../lib/clips.mjs';
import { by, chromium, click, host, until } from '../lib/people.mjs';
import { seesMoving } from '../lib/probes.mjs';
import { binary, startServer } from '../lib/server.mjs';

const COLOURS = ['green', 'blue', 'yellow'];
/** For looking at larger rooms: `PEOPLE=25 SHOTS=directory node --test scenarios/many.test.mjs`; then nine have a camera. */
const COUNT = Number(process.env.PEOPLE ?? 9);
const SHOTS = process.env.SHOTS;

let server, anna, annas, link;
const children = [];
before(async () => {
  server = await startServer();
  anna = await chromium('red');
  ({ page: annas, link } = await host(anna, server, 'Anna'));
});
after(async () => {
  for (const child of children) child.kill('SIGTERM');
  await anna?.browser.close();
  await server?.stop();
});

const tiles = () => annas.evaluate(() => [...document.querySelectorAll('[role=group]')]
  .map((group) => group.getAttribute('aria-label')).filter((name) => /^Guest /.test(name)));

test(`a room of ${COUNT}: each colour under its own name`, async () => {
  annas.limit = 90_000;
  await click(annas, 'Participants');
  for (let number = 1; number < COUNT; number++) {
    const { video, audio } = headlessFiles(COLOURS[number % 3]);
    children.push(spawn(binary('incamera'), ['join', link, '--name', `Guest ${number}`,
      ...(number <= 9 || !SHOTS ? ['--video', video] : []), '--audio', audio], { stdio: ['ignore', 'ignore', 'inherit'] }));
  }
  await until(annas, 'everyone waits', (count) =>
    document.querySelectorAll('[aria-label^="Admit Guest"]').length === count, COUNT - 1);
  await click(annas, 'Admit all');
  await until(annas, 'everyone is in', (count) =>
    [...document.querySelectorAll('[role=group]')].filter((g) => /^Guest /.test(g.getAttribute('aria-label'))).length >= Math.min(count, 8), COUNT - 1);
  await click(annas, 'Participants');
  for (let number = 1; number < Math.min(COUNT, 9); number++) {
    await seesMoving(annas, `Guest ${number}`, COLOURS[number % 3], 60_000);
  }
  assert.equal(new Set(await tiles()).size, (await tiles()).length, 'one tile each');
  for (const [width, height] of [[1280, 800], [390, 844], [844, 390]]) {
    await annas.setViewport({ width, height, isMobile: width < 1000, hasTouch: width < 1000 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const inside = await annas.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(inside, `nothing sticks out at ${width} pixels`);
    if (SHOTS) await annas.screenshot({ path: `${SHOTS}/${COUNT}-${width}.png` });
  }
  await by(annas, 'toolbar', 'Call controls').wait();
  assert.deepEqual(annas.problems, []);
});
