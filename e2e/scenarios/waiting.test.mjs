// Who waits learns nothing, receives nothing, and is told plainly what happened.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admit, by, chromium, click, host, inMeeting, knock, newPage, reads } from '../lib/people.mjs';
import { packetsReceived } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, ben, chris, annas, link;
before(async () => {
  server = await startServer();
  [anna, ben, chris] = await Promise.all([chromium('red'), chromium('green'), chromium('blue')]);
  ({ page: annas, link } = await host(anna, server, 'Anna'));
});
after(async () => {
  await Promise.allSettled([anna, ben, chris].map((p) => p?.browser.close()));
  await server?.stop();
});

/** Everything the server told a page over its sockets, as text. */
async function socketTexts(page) {
  const session = await page.createCDPSession();
  await session.send('Network.enable');
  const texts = [];
  session.on('Network.webSocketFrameReceived', ({ response }) => texts.push(response.payloadData));
  return texts;
}

test('two guests who wait do not learn of each other', async () => {
  const bens = await knock(ben, link, 'Ben');
  await reads(bens, 'Waiting for the host to let you in');
  const quietBefore = await bens.evaluate(() => document.body.innerText);
  const chriss = await knock(chris, link, 'Chris');
  await reads(chriss, 'Waiting for the host to let you in');
  await by(annas, 'button', 'Participants').click();
  await reads(annas, 'Chris');

  assert.ok(!(await chriss.evaluate(() => document.body.innerText)).includes('Ben'));
  assert.equal(await bens.evaluate(() => document.body.innerText), quietBefore);
  for (const page of [bens, chriss]) assert.equal(await packetsReceived(page), 0);

  await click(annas, 'Decline Chris');
  await chriss.waitForSelector('[role=alert]');
  assert.equal(await packetsReceived(chriss), 0);
  assert.equal(await bens.evaluate(() => document.body.innerText), quietBefore);
  await bens.close();
  await chriss.close();
});

test('after Remove and after End no packet and no message arrives', async () => {
  const bens = await knock(ben, link, 'Ben');
  await admit(annas, 'Ben');
  await inMeeting(bens);
  await click(annas, 'Remove Ben');
  const confirm = await annas.$('[role=alertdialog] button[data-confirm]');
  if (confirm) await confirm.click();
  await bens.waitForSelector('[role=alert]');
  const texts = await socketTexts(bens);
  const count = await packetsReceived(bens);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.equal(await packetsReceived(bens), count, 'media after Remove');
  assert.deepEqual(texts.filter((t) => /"(group_message|committed|members)"/.test(t)), [], 'group messages after Remove');

  const chriss = await knock(chris, link, 'Chris');
  await admit(annas, 'Chris');
  await inMeeting(chriss);
  await click(annas, 'Leave');
  await click(annas, 'End for everyone');
  await chriss.waitForSelector('[role=alert]');
  await reads(chriss, 'ended');
  const after = await packetsReceived(chriss);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.equal(await packetsReceived(chriss), after, 'media after End');

  await bens.close();
  const late = await newPage(ben);
  await late.goto(link);
  await late.waitForSelector('[role=alert]');
  await reads(late, 'ended');
});
