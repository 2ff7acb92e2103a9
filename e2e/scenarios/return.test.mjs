// Coming back: reload of guest and host, a killed server; nobody knocks again or presses anything.
import { after, before, test } from 'node:test';
import { admit, by, chromium, host, inMeeting, knock } from '../lib/people.mjs';
import { hears, seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, ben, annas, bens;
before(async () => {
  server = await startServer();
  [anna, ben] = await Promise.all([chromium('red'), chromium('green')]);
  let link;
  ({ page: annas, link } = await host(anna, server, 'Anna'));
  bens = await knock(ben, link, 'Ben');
  await admit(annas, 'Ben');
  await inMeeting(bens);
  await everyoneSeesEveryone();
});
after(async () => {
  await Promise.allSettled([anna, ben].map((p) => p?.browser.close()));
  await server?.stop();
});

const everyoneSeesEveryone = () => Promise.all([
  seesMoving(annas, 'Ben', 'green'), hears(annas, 'green'),
  seesMoving(bens, 'Anna', 'red'), hears(bens, 'red'),
]);

const report = (what, since) => console.log(`# ${what}: seen and heard again after ${Date.now() - since} ms`);

test('a guest who reloads is back without knocking', async () => {
  const since = Date.now();
  await bens.reload();
  await inMeeting(bens);
  await everyoneSeesEveryone();
  report('guest reload', since);
});

test('a host who reloads is back as host', async () => {
  const since = Date.now();
  await annas.reload();
  await inMeeting(annas);
  await everyoneSeesEveryone();
  await by(annas, 'button', 'Participants').wait();
  report('host reload', since);
});

test('a killed server that restarts on the same data has everyone back', async () => {
  await server.kill();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await server.restart();
  const since = Date.now();
  await everyoneSeesEveryone();
  report('server kill and restart', since);
});
