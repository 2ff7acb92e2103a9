// Consulting mode: three patients at once, early, late and twice; no two are ever in the room together.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admit, by, chromium, click, host, inMeeting, knock, reads, until } from '../lib/people.mjs';
import { seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, doctor, patients, room, link;
before(async () => {
  server = await startServer();
  [doctor, ...patients] = await Promise.all(['red', 'green', 'blue', 'yellow'].map((sender) => chromium(sender)));
  ({ page: room, link } = await host(doctor, server, 'Dr. Reyes'));
  await click(room, 'Security');
  await click(room, 'Consulting mode', 'switch');
  await until(room, 'consulting mode is on', () => document.querySelector('[role=switch][aria-label="Consulting mode"]')?.checked);
  await room.keyboard.press('Escape');
  await click(room, 'Participants');
});
after(async () => {
  await Promise.allSettled([doctor, ...(patients ?? [])].map((p) => p?.browser.close()));
  await server?.stop();
});

const waits = (name) => by(room, 'button', `Admit ${name}`).wait();
const held = (name, wanted) => until(room, `Admit ${name} is ${wanted ? 'held' : 'free'}`, (label, want) =>
  document.querySelector(`[aria-label="Admit ${label}"]`)?.getAttribute('aria-disabled') === String(want), name, wanted);
/** The people a page names, itself included. */
const people = (page) => page.$$eval('[role=group][aria-label]', (tiles) => tiles.map((tile) => tile.ariaLabel));

/** Nobody's page says anything of another patient. */
async function nothingOf(page, ...names) {
  const text = await page.evaluate(() => document.documentElement.innerText + [...document.querySelectorAll('[aria-label]')].map((e) => e.ariaLabel).join());
  for (const name of names) assert.ok(!text.includes(name), `a patient's page says ${name}`);
}

let ana, ben, cleo;
test('three at once: one is let in, the others wait, with the reason at hand', async () => {
  [ana, ben, cleo] = await Promise.all(['Ana', 'Ben', 'Cleo'].map((name, at) => knock(patients[at], link, name)));
  for (const name of ['Ana', 'Ben', 'Cleo']) await waits(name);
  await admit(room, 'Ana');
  await inMeeting(ana);
  await seesMoving(room, 'Ana', 'green');
  for (const name of ['Ben', 'Cleo']) await held(name, true);
  await reads(room, 'Ana is still here. You can admit the next person as soon as they have left.');
  await by(room, 'button', 'Admit Ben').click();
  const described = await room.$eval('[aria-label="Admit Ben"]', (button) => document.getElementById(button.getAttribute('aria-describedby'))?.innerText);
  assert.match(described, /Ana is still here/);
  for (const [page, others] of [[ana, ['Ben', 'Cleo']], [ben, ['Ana', 'Cleo']], [cleo, ['Ana', 'Ben']]]) await nothingOf(page, ...others);
  await reads(ben, 'Waiting for the host to let you in');
});

test('when the first has left, the next is let in and sees nobody but the doctor', async () => {
  await click(ana, 'Leave');
  await held('Ben', false);
  await admit(room, 'Ben');
  await inMeeting(ben);
  await seesMoving(ben, 'Dr. Reyes', 'red');
  await held('Cleo', true);
  assert.deepEqual((await people(ben)).filter((name) => /Ana|Cleo/.test(name)), []);
});

test('whoever comes back waits again, and late ones wait too', async () => {
  await click(ana, 'Rejoin');
  await until(ana, 'Ana asks again', () => /Ask to join|Waiting for the host/.test(document.body?.innerText ?? ''));
  if (await ana.$('::-p-aria([name="Ask to join"][role="button"])')) await click(ana, 'Ask to join');
  await waits('Ana');
  await held('Ana', true);
  await nothingOf(ana, 'Ben', 'Cleo');
});

test('seen out: the next comes in, and a reload in between brings nobody together', async () => {
  await ben.reload();
  await click(room, 'See Ben out');
  await held('Cleo', false);
  await admit(room, 'Cleo');
  await inMeeting(cleo);
  await seesMoving(cleo, 'Dr. Reyes', 'red');
  await held('Ana', true);
  await nothingOf(cleo, 'Ana', 'Ben');
  await nothingOf(ana, 'Ben', 'Cleo');
  await nothingOf(ben, 'Ana', 'Cleo');
});

test('twice: the first one, back for a second time, is let in once the room is free', async () => {
  await click(cleo, 'Leave');
  await held('Ana', false);
  await admit(room, 'Ana');
  await inMeeting(ana);
  await seesMoving(ana, 'Dr. Reyes', 'red');
  await nothingOf(ana, 'Ben', 'Cleo');
});
