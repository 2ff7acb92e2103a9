// An audience: whoever comes in watches, raises a hand, and is brought on stage and off again by the host.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, host, inMeeting, knock, openParticipants, reads, until } from '../lib/people.mjs';
import { hears, seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, ben, cleo, annas, bens, cleos, link;
before(async () => {
  server = await startServer();
  [anna, ben, cleo] = await Promise.all([chromium('red'), chromium('green'), chromium('blue')]);
  ({ page: annas, link } = await host(anna, server, 'Anna'));
  bens = await knock(ben, link, 'Ben');
  await admit(annas, 'Ben');
  await inMeeting(bens);
});
after(async () => {
  await Promise.allSettled([anna, ben, cleo].map((p) => p?.browser.close()));
  await server?.stop();
});

const has = (page, role, name) => by(page, role, name).wait();
async function turn(name) {
  await click(annas, 'Security');
  await click(annas, name, 'switch');
  await accessible(annas, name);
  await annas.keyboard.press('Escape');
  await until(annas, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
}
const line = (page, name, words) => until(page, `${name}: ${words}`, (...wanted) =>
  [...document.querySelectorAll('ul[aria-label="In the meeting"] li')].some((li) => wanted.every((part) => li.innerText.includes(part))), name, words);
const noTile = (page, name) => until(page, `no tile of ${name}`, (wanted) => ![...document.querySelectorAll('[role=group]')].some((g) => g.getAttribute('aria-label') === wanted), name);

test('whoever comes in once newcomers only watch sees and hears, and is neither seen nor heard', async () => {
  await openParticipants(annas);
  await turn('Newcomers only watch');
  cleos = await knock(cleo, link, 'Cleo');
  await admit(annas, 'Cleo');
  await inMeeting(cleos);
  await Promise.all([seesMoving(cleos, 'Anna', 'red'), seesMoving(cleos, 'Ben', 'green'), hears(cleos, 'green')]);
  await line(annas, 'Cleo', 'Viewer');
  await reads(cleos, 'You are watching');
  await has(cleos, 'button', 'Unmute');
  await click(cleos, 'Start video');
  await reads(cleos, 'Raise your hand if you want to speak');
  await noTile(bens, 'Cleo');
});

test('a hand is raised with a key and seen by everyone', async () => {
  await cleos.evaluate(() => document.activeElement?.blur());
  await cleos.keyboard.press('h');
  await has(cleos, 'button', 'Lower hand');
  await reads(bens, 'Cleo has raised a hand');
  await line(annas, 'Cleo', 'hand raised, first');
  await click(bens, 'Raise hand');
  await line(annas, 'Ben', 'hand raised, number 2');
  await accessible(annas, 'raised hands');
  await accessible(bens, 'own raised hand');
  await click(annas, "Lower Ben's hand");
  await reads(bens, 'The host has lowered your hand');
  await has(bens, 'button', 'Raise hand');
});

test('on stage a viewer is seen and heard, and off stage no more', async () => {
  await click(annas, 'Bring Cleo on stage');
  await reads(cleos, 'You are on stage');
  await click(cleos, 'Start video');
  await click(cleos, 'Unmute');
  await Promise.all([seesMoving(bens, 'Cleo', 'blue'), hears(bens, 'blue')]);
  await click(cleos, 'Lower hand');
  await click(annas, 'Take Cleo off stage');
  await noTile(bens, 'Cleo');
  await has(cleos, 'button', 'Start video');
  await has(cleos, 'button', 'Unmute');
});

test('whoever reloads still watches, until everyone may take part again', async () => {
  await cleos.reload();
  await inMeeting(cleos);
  await seesMoving(cleos, 'Anna', 'red');
  await line(annas, 'Cleo', 'Viewer');
  await turn('Newcomers only watch');
  await until(cleos, 'Cleo may start her video', () => document.querySelector('[aria-label="Start video"]')?.ariaDisabled !== 'true');
  await click(cleos, 'Start video');
  await seesMoving(annas, 'Cleo', 'blue');
  assert.deepEqual([annas.problems, bens.problems, cleos.problems], [[], [], []]);
});
