// Somebody writes to those who run the server: by choice, knowing who reads it, and with nothing else sent.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, host, inMeeting, knock, reads, until } from '../lib/people.mjs';
import { binary, startServer } from '../lib/server.mjs';

let server, anna, ben, annas, bens, meeting;
before(async () => {
  server = await startServer({ args: ['--limit-reports-per-address', '2'] });
  [anna, ben] = await Promise.all([chromium('red'), chromium('green')]);
  let link;
  ({ page: annas, link } = await host(anna, server, 'Anna'));
  meeting = new URL(link).pathname.split('/')[2];
  bens = await knock(ben, link, 'Ben');
  await admit(annas, 'Ben');
  await inMeeting(bens);
});
after(async () => {
  await Promise.allSettled([anna, ben].map((p) => p?.browser.close()));
  await server?.stop();
});

const NAME = 'Report to host of this server';
const reports = () => execFileSync(binary('incamera-server'), ['reports', '--data-dir', server.dir], { encoding: 'utf8' })
  .split('\n').filter(Boolean).map((line) => JSON.parse(line));
const sent = (page) => {
  page.bodies = [];
  page.on('request', (request) => request.url().endsWith('/reports') && page.bodies.push(request.postData()));
};

test('a guest reads who will see it, and by the keyboard sends no more than was typed', async () => {
  sent(bens);
  await click(bens, 'More');
  await click(bens, NAME, 'menuitem');
  await by(bens, 'textbox', 'What happened?').wait();
  await reads(bens, 'not end-to-end encrypted');
  await reads(bens, meeting);
  await accessible(bens, 'report');
  await click(bens, 'Send report');
  await reads(bens, 'Please write what happened.');
  assert.deepEqual(bens.bodies, [], 'nothing leaves before it is asked for');
  await bens.focus('[role=dialog] select');
  await bens.keyboard.type('Somebody was');
  await bens.keyboard.press('Tab');
  await bens.keyboard.type('A stranger was here.');
  await bens.keyboard.press('Tab');
  await bens.keyboard.press('Enter');
  await reads(bens, 'Your report has been sent');
  assert.deepEqual(bens.bodies.map((body) => JSON.parse(body)), [{ category: 'intruder', text: 'A stranger was here.' }]);
  const [{ at, ...kept }, ...more] = reports();
  assert.deepEqual([kept, more], [{ meeting, category: 'intruder', text: 'A stranger was here.' }, []]);
  assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000, at);
  await bens.keyboard.press('Escape');
  await until(bens, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
});

test('the host finds it beside Stop everything', async () => {
  await click(annas, 'Security');
  await by(annas, 'button', 'Stop everything').wait();
  await click(annas, NAME);
  await by(annas, 'textbox', 'What happened?').fill('Please look into this.');
  await click(annas, 'Send report');
  await reads(annas, 'Your report has been sent');
  assert.deepEqual(reports().map(({ category, text }) => [category, text]),
    [['intruder', 'A stranger was here.'], ['conduct', 'Please look into this.']]);
});

test('after leaving it can still be written, and too many are refused in words that keep what was typed', async () => {
  await click(bens, 'Leave');
  await click(bens, NAME);
  await by(bens, 'textbox', 'What happened?').fill('One more thing.');
  await accessible(bens, 'report after leaving');
  await click(bens, 'Send report');
  await reads(bens, 'reach the people who run this server another way');
  assert.equal(await bens.$eval('textarea', (field) => field.value), 'One more thing.');
  assert.equal(reports().length, 2);
});
