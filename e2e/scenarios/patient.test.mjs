// The first minute of a patient: from the link to waiting with a name and at most two clicks,
// in words that say what happens next.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admit, by, chromium, firefox, host, inMeeting, newPage, reads } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, pat, annas, link;
before(async () => {
  server = await startServer();
  anna = await chromium('red');
  // Firefox tells no page beforehand whether camera and microphone are allowed.
  pat = await firefox('green');
  ({ page: annas, link } = await host(anna, server, 'Dr. Anna'));
});
after(async () => {
  await Promise.allSettled([anna, pat].map((p) => p?.browser.close()));
  await server?.stop();
});

test('from the link to waiting: a name and two clicks', async () => {
  const page = await newPage(pat);
  let clicks = 0;
  const click = async (name) => {
    clicks += 1;
    await by(page, 'button', name).click();
  };
  await page.goto(link);
  await reads(page, 'Your browser will now ask for camera and microphone. Press Allow');
  await by(page, 'button', 'Join without camera').wait();
  await click('Continue');
  await by(page, 'textbox', 'Your name').fill('Pat');
  await click('Ask to join');
  await reads(page, "You're in the right place");
  await reads(page, 'Your host knows you are here');
  await reads(page, 'no one can see or hear you yet');
  await reads(page, 'Waiting for the host to let you in');
  assert.equal(clicks, 2);
  await admit(annas, 'Pat');
  await inMeeting(page);
  await by(page, 'button', 'Leave').click();
  await reads(page, 'You have left');
  await reads(page, 'You can close this page');
  await by(page, 'button', 'Rejoin').wait();
});
