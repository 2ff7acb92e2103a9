// A participant's network is gone for thirty seconds: the other side reads "returning", never
// "left", and both are back by themselves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admit, by, chromium, click, host, inMeeting, knock, reads } from '../lib/people.mjs';
import { network } from '../lib/netns.mjs';
import { hears, seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

const net = network();
let server, anna, ben, annas, bens;
before(async () => {
  if (!net) return;
  server = await startServer({ listen: `${net.host}:0`, media: `${net.host}:0`, args: ['--tls', 'self-signed'] });
  const args = ['--ignore-certificate-errors'];
  anna = await chromium('red', { args });
  ben = await chromium('green', { args, executablePath: net.wrap('/usr/bin/chromium') });
  let link;
  ({ page: annas, link } = await host(anna, server, 'Anna'));
  bens = await knock(ben, link, 'Ben');
  await admit(annas, 'Ben');
  await inMeeting(bens);
});
after(async () => {
  await Promise.allSettled([anna, ben].map((p) => p?.browser.close()));
  await server?.stop();
  net?.remove();
});

test('thirty seconds without a network', { skip: net ? false : 'no network namespaces' }, async () => {
  await Promise.all([seesMoving(annas, 'Ben', 'green'), seesMoving(bens, 'Anna', 'red')]);
  const write = async (page, text) => {
    await by(page, 'textbox', 'Message').fill(text);
    await click(page, 'Send');
  };
  const lines = (page) => page.$$eval('.chat-text', (all) => all.map((line) => line.textContent));
  for (const page of [annas, bens]) await click(page, 'Chat');
  net.pull();
  // His goes into a connection that is dead already, though nobody has noticed yet.
  await write(bens, 'Are you there?');
  await write(annas, 'I lost you.');
  await reads(bens, 'Sending…');
  annas.limit = bens.limit = 60_000;
  await Promise.all([reads(annas, 'returning'), reads(bens, "We're bringing you back")]);
  await new Promise((resolve) => setTimeout(resolve, 30_000));
  net.plug();
  const since = Date.now();
  await Promise.all([
    seesMoving(annas, 'Ben', 'green'), hears(annas, 'green'),
    seesMoving(bens, 'Anna', 'red'), hears(bens, 'red'),
  ]);
  const back = Date.now() - since;
  for (const page of [annas, bens]) {
    await reads(page, 'Are you there?');
    await reads(page, 'I lost you.');
  }
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  for (const page of [annas, bens]) assert.deepEqual((await lines(page)).sort(), ['Are you there?', 'I lost you.']);
  assert.equal(await bens.$('.chat-state'), null, 'his line was delivered');
  console.log(`# network back: seen and heard again after ${back} ms`);
});
