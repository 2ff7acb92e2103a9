// Who comes by which link, and what the host can do about those who wait.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, host, inMeeting, inviteLink, knock, newPage, openParticipants, reads, until } from '../lib/people.mjs';
import { seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, ben, cleo, annas, bens, link, personal;
before(async () => {
  server = await startServer();
  [anna, ben, cleo] = await Promise.all([chromium('red'), chromium('green'), chromium('blue')]);
  ({ page: annas, link } = await host(anna, server, 'Anna'));
  await openParticipants(annas);
});
after(async () => {
  await Promise.allSettled([anna, ben, cleo].map((p) => p?.browser.close()));
  await server?.stop();
});

async function closeDialog() {
  await annas.keyboard.press('Escape');
  await until(annas, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
}

/** Cleo follows a link. */
async function visit(address) {
  const page = await newPage(cleo);
  await page.goto(address);
  return page;
}

async function askAgain(page) {
  await click(page, 'Ask again');
  await click(page, 'Ask to join');
}

const waits = (name, words) => until(annas, `${name} waits, ${words}`, (...wanted) =>
  [...document.querySelectorAll('ul[aria-label="Waiting room"] li')].some((line) => wanted.every((part) => line.innerText.includes(part))), name, words);
const nobodyWaits = () => until(annas, 'nobody waits', () => !document.querySelector('ul[aria-label="Waiting room"] li'));

test('an invitation made with the keyboard names its guest to the host', async () => {
  await click(annas, 'Personal invitations');
  await by(annas, 'textbox', 'Invitation for').fill('Mrs. Ortiz');
  await annas.focus('[role=dialog] .invite input');
  await annas.keyboard.press('Enter');
  await reads(annas, 'not used yet');
  await accessible(annas, 'invitations');
  await annas.evaluate(() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; });
  await click(annas, 'Copy link');
  await until(annas, 'the link is copied', () => Boolean(window.copied));
  personal = await annas.evaluate(() => window.copied);
  assert.notEqual(personal, link);
  await closeDialog();

  bens = await knock(ben, personal, 'Ben');
  await waits('Ben', 'invited as Mrs. Ortiz');
  assert.ok(!(await bens.evaluate(() => document.body.innerText)).includes('Ortiz'), 'the label is the host’s');
  await admit(annas, 'Ben');
  await inMeeting(bens);
  await seesMoving(annas, 'Ben', 'green');
});

test('a second device by the same link is shown as new, and let in with one click', async () => {
  const cleos = await knock(cleo, personal, 'Cleo');
  await waits('Cleo', 'new device');
  await accessible(annas, 'waiting room');
  await admit(annas, 'Cleo');
  await inMeeting(cleos);
  await seesMoving(cleos, 'Ben', 'green');
  await click(cleos, 'Leave');
  await reads(cleos, 'You have left');
  await cleos.close();
});

test('a revoked invitation opens nothing, and nobody inside notices', async () => {
  await click(annas, 'Personal invitations');
  await click(annas, 'Revoke');
  await until(annas, 'the invitation is gone', () => !document.querySelector('[role=dialog] li'));
  await closeDialog();
  const again = await visit(personal);
  await reads(again, 'This link does not open the meeting');
  await again.close();
  await seesMoving(annas, 'Ben', 'green');
  await seesMoving(bens, 'Anna', 'red');
});

test('the host writes to those who wait, renames them, declines them and keeps them out', async () => {
  const cleos = await knock(cleo, link, 'Cleo');
  await waits('Cleo', '');
  await by(annas, 'textbox', 'Message to those waiting').fill('Five more minutes');
  await click(annas, 'Send to waiting');
  await reads(cleos, 'Five more minutes');
  await click(annas, 'Rename Cleo');
  await by(annas, 'textbox', 'New name for Cleo').fill('Cleo K.');
  await click(annas, 'Save name');
  await waits('Cleo K.', '');
  await click(annas, 'Decline Cleo K.');
  await reads(cleos, 'You were not let in');
  await askAgain(cleos);
  await waits('Cleo', '');
  await click(annas, 'Block Cleo');
  await reads(cleos, 'You were not let in');
  await nobodyWaits();
  await askAgain(cleos);
  await reads(cleos, 'You were not let in');
  await nobodyWaits();
  await cleos.close();
  await click(annas, 'Security');
  await reads(annas, 'Kept out');
  await annas.evaluate(() => document.querySelector('ul[aria-labelledby=kept-out] button').click());
  await until(annas, 'nobody is kept out', () => !document.querySelector('#kept-out'));
  await closeDialog();
});

test('whoever has the link comes in without a click once the waiting room is off', async () => {
  await click(annas, 'Security');
  await click(annas, 'Waiting room', 'switch');
  await accessible(annas, 'turning the waiting room off');
  await click(annas, 'Turn waiting room off');
  await reads(annas, 'comes in without a click until');
  await closeDialog();
  const cleos = await knock(cleo, link, 'Cleo');
  await inMeeting(cleos);
  await seesMoving(cleos, 'Ben', 'green');
  await click(cleos, 'Leave');
  await reads(cleos, 'You have left');
  await cleos.close();
  await click(annas, 'Security');
  await click(annas, 'Waiting room', 'switch');
  await reads(annas, 'Nobody comes in before you admit them');
  await closeDialog();
});

test('a changed invite link makes the old one useless, in words', async () => {
  await click(annas, 'Security');
  await click(annas, 'Change invite link');
  await closeDialog();
  const old = await visit(link);
  await reads(old, 'This link does not open the meeting');
  await old.close();
  const fresh = await inviteLink(annas);
  assert.notEqual(fresh, link);
  const cleos = await knock(cleo, fresh, 'Cleo');
  await admit(annas, 'Cleo');
  await inMeeting(cleos);
  await seesMoving(bens, 'Cleo', 'blue');
  assert.deepEqual(annas.problems, []);
});
