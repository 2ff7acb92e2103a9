// How people come in: muted and unseen where the host says so, told when they talk muted, by a passcode that can be
// changed and closed, and several of them presenting where that is allowed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admit, by, chromium, click, host, inMeeting, knock, newPage, openParticipants, reads, until } from '../lib/people.mjs';
import { hears, seesMoving } from '../lib/probes.mjs';
import { sharesScreen } from '../lib/screens.mjs';
import { startServer } from '../lib/server.mjs';

let server, annas, bens, cleos, link;
const people = [];
const person = async (sender) => {
  const made = await chromium(sender);
  people.push(made);
  return made;
};
before(async () => {
  server = await startServer();
  ({ page: annas, link } = await host(await person('red'), server, 'Anna', ...sharesScreen('blue', { silent: true })));
});
after(async () => {
  await Promise.allSettled(people.map((p) => p.browser.close()));
  await server?.stop();
});

async function set(...names) {
  await click(annas, 'Security');
  for (const name of names) {
    await click(annas, name, 'switch');
    await until(annas, `switch ${name} is turned`, (label) => document.querySelector(`[role=switch][aria-label="${label}"]`)?.checked, name);
  }
  await annas.keyboard.press('Escape');
  await until(annas, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
}
const button = (page, name) => by(page, 'button', name).wait();

test('where the host says so, newcomers are muted and unseen until they choose otherwise', async () => {
  await set('Join muted', 'Join with camera off');
  bens = await knock(await person('green'), link, 'Ben', ...sharesScreen('yellow', { silent: true }));
  await admit(annas, 'Ben');
  await inMeeting(bens);
  await button(bens, 'Unmute');
  await button(bens, 'Start video');
  await seesMoving(bens, 'Anna', 'red');
  await until(annas, 'Ben is shown muted', () => /muted/.test(document.querySelector('[role=group][aria-label=Ben]')?.innerText ?? ''));
});

test('whoever talks muted is told beside the button, and can be heard with one click', async () => {
  await reads(bens, "You're muted");
  await click(bens, 'Unmute');
  await hears(annas, 'green');
  await click(bens, 'Start video');
  await seesMoving(annas, 'Ben', 'green');
});

test('several present at a time where that is allowed, and then one ends without the other', async () => {
  await set('Share screen', 'Present several at a time');
  await click(annas, 'Share screen');
  await seesMoving(bens, "Anna's screen", 'blue');
  await until(bens, 'Ben may share beside Anna', () => !document.querySelector('button[aria-label="Share screen"]')?.hasAttribute('aria-disabled'));
  await click(bens, 'Share screen');
  await seesMoving(annas, "Ben's screen", 'yellow');
  await click(annas, 'Stop sharing');
  await seesMoving(annas, "Ben's screen", 'yellow');
  await click(bens, 'Stop sharing');
  await until(annas, 'no screen is shown', () => !document.querySelector('[aria-label$="s screen"]'));
});

const shown = () => annas.evaluate(() => document.body?.innerText.match(/[2-9A-Z]{4}-[2-9A-Z]{4}/)?.[0]);

/** Opens the bare address of the meeting. */
async function address(who) {
  const page = await newPage(who);
  await page.goto(link.split('#')[0]);
  return page;
}
async function type(page, passcode) {
  const field = await page.waitForSelector('input[placeholder="XXXX-XXXX"]');
  await field.evaluate((input) => { input.value = ''; });
  await field.type(passcode);
  await click(page, 'Continue');
}

test('a passcode that the host changed opens nothing; the new one leads in', async () => {
  await openParticipants(annas);
  const old = await shown();
  await click(annas, 'New passcode');
  await until(annas, 'another passcode is shown', (before) => !document.body?.innerText.includes(before), old);
  cleos = await address(await person('blue'));
  await type(cleos, old);
  await cleos.waitForSelector('[role=alert]');
  await type(cleos, await shown());
  await until(cleos, 'the page before joining', () => document.querySelector('[data-testid=allow-devices], [aria-label="Your name"], input:not([placeholder="XXXX-XXXX"])'));
  const allow = await cleos.$('[data-testid=allow-devices]');
  if (allow) await allow.click();
  await by(cleos, 'textbox', 'Your name').fill('Cleo');
  await click(cleos, 'Ask to join');
  await admit(annas, 'Cleo');
  await inMeeting(cleos);
  await seesMoving(cleos, 'Anna', 'red');
  await button(cleos, 'Unmute');
});

test('three wrong passcodes stop a device, also after a reload; others go on', async () => {
  const page = await address(await person('yellow'));
  const closed = 'No passcode opens anything on this device just now';
  for (const wrong of ['2222-2222', '3333-3333', '4444-4444']) {
    await type(page, wrong);
    await page.waitForFunction((words) => document.querySelector('[role=alert]') || document.body?.innerText.includes(words), {}, closed);
    await until(page, 'the answer', () => !document.body?.innerText.includes('Asking the host'));
  }
  await reads(page, closed);
  await page.reload();
  await reads(page, closed);
  assert.equal(await page.$('::-p-aria([name="Ask to join"][role="button"])'), null);
});
