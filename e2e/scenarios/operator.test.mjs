// What those who run a server have fixed: the host sees it locked and why, and nobody gets round it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, host, inMeeting, knock, newPage, openParticipants, reads, until } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

const REASON = 'The clinic’s data protection rules';
let server, anna, ben, cleo, annas, bens, link;
before(async () => {
  server = await startServer({ args: ['--pin', 'share=off', '--pin', 'join-muted=on,waiting-room=on', '--forbid', 'chat,passcode,personal-invitations', '--policy-reason', REASON] });
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
const state = (name) => annas.evaluate((label) => {
  const element = document.querySelector(`[role=dialog] [role=switch][aria-label="${label}"]`);
  const why = document.getElementById(element.getAttribute('aria-describedby') ?? '')?.textContent ?? '';
  return { on: element.checked, locked: element.ariaDisabled === 'true', why, focusable: element.tabIndex === 0 && !element.disabled };
}, name);

test('the host finds each fixed switch locked, with the reason, and by the keyboard too', async () => {
  await click(annas, 'Security');
  await has(annas, 'switch', 'Share screen');
  for (const [name, on] of [['Share screen', false], ['Join muted', true], ['Waiting room', true], ['Chat', false]]) {
    const now = await state(name);
    assert.deepEqual({ on: now.on, locked: now.locked, focusable: now.focusable }, { on, locked: true, focusable: true }, name);
    assert.ok(now.why.includes(`Set by the people who run this server. Their reason: ${REASON}`), now.why);
    await annas.focus(`[role=switch][aria-label="${name}"]`);
    await annas.keyboard.press('Space');
    await by(annas, 'switch', name).click();
    assert.equal((await state(name)).on, on, `${name} stays as it is`);
  }
  assert.equal((await state('Start video')).locked, false);
  assert.equal(await annas.$('[role=dialog] input[type=number]'), null, 'nobody is asked about opening the waiting room');
  await accessible(annas, 'fixed switches');
  await annas.keyboard.press('Escape');
  await until(annas, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
});

test('the guest came in muted and cannot share, and is told whose wish that is', async () => {
  await has(bens, 'button', 'Unmute');
  const share = await bens.$eval('[aria-label="Share screen"]', (button) => ({ disabled: button.ariaDisabled, why: button.getAttribute('aria-description') }));
  assert.equal(share.disabled, 'true');
  assert.ok(share.why.startsWith('The people who run this server do not allow this') && share.why.includes(REASON), share.why);
  await click(bens, 'Share screen');
  await reads(bens, 'The people who run this server do not allow this');
  await has(annas, 'button', 'Share screen');
  assert.equal(await annas.$eval('[aria-label="Share screen"]', (button) => button.ariaDisabled), null, 'the host may share');
});

test('forbidden features explain themselves where their controls would be', async () => {
  for (const page of [annas, bens]) {
    await click(page, 'Chat');
    await reads(page, 'The people who run this server do not allow this');
    assert.equal(await page.$eval('.chat-form', (form) => form.hidden), true);
    await click(page, 'Close');
  }
  await openParticipants(annas);
  await reads(annas, 'have switched passcodes off');
  await reads(annas, 'have switched personal invitations off');
  for (const name of ['Personal invitations', 'Turn on passcode', 'Turn off']) {
    assert.equal(await annas.$(`::-p-aria([name="${name}"][role="button"])`), null, name);
  }
  const cleos = await newPage(cleo);
  await cleos.goto(link.split('#')[0]);
  await reads(cleos, 'have switched passcodes off');
});
