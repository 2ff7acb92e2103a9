// A participant's network is gone for thirty seconds: the other side reads "returning", never
// "left", and both are back by themselves.
import { after, before, test } from 'node:test';
import { admit, chromium, host, inMeeting, knock, reads } from '../lib/people.mjs';
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
  net.pull();
  annas.limit = bens.limit = 60_000;
  await Promise.all([reads(annas, 'returning'), reads(bens, "We're bringing you back")]);
  await new Promise((resolve) => setTimeout(resolve, 30_000));
  net.plug();
  const since = Date.now();
  await Promise.all([
    seesMoving(annas, 'Ben', 'green'), hears(annas, 'green'),
    seesMoving(bens, 'Anna', 'red'), hears(bens, 'red'),
  ]);
  console.log(`# network back: seen and heard again after ${Date.now() - since} ms`);
});
