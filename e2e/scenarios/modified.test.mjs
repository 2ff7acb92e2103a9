// A changed page that ignores the rules: it shows its person every button and sends what they press. Here the server is
// seen to drop it, and the others' pages to show nothing of it; that members refuse it by key, each by itself, is what the
// tests of `crates/client` (rules) and `crates/e2ee` (frames) show without a server that helps.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admit, by, chromium, click, host, inMeeting, knock, openParticipants, until } from '../lib/people.mjs';
import { seesMoving } from '../lib/probes.mjs';
import { sharesScreen } from '../lib/screens.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, ben, cleo, annas, bens, cleos, link;

/** Runs in the page before its scripts: whatever the core says this person may do, the page hears "everything". */
function lawless() {
  const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
  Object.defineProperty(MessageEvent.prototype, 'data', { get() {
    const data = get.call(this);
    const may = data?.view?.may;
    if (may) for (const right of Object.keys(may)) may[right] = true;
    return data;
  } });
}
const [display, ...shown] = sharesScreen('yellow', { silent: true });

before(async () => {
  server = await startServer();
  [anna, ben, cleo] = await Promise.all([chromium('red'), chromium('green'), chromium('blue')]);
  ({ page: annas, link } = await host(anna, server, 'Anna'));
  const both = `(${lawless})(); (${display})(...${JSON.stringify(shown)})`;
  bens = await knock(ben, link, 'Ben', both);
  await admit(annas, 'Ben');
  cleos = await knock(cleo, link, 'Cleo');
  await admit(annas, 'Cleo');
  await Promise.all([bens, cleos].map(inMeeting));
  await seesMoving(cleos, 'Ben', 'green');
});
after(async () => {
  await Promise.allSettled([anna, ben, cleo].map((p) => p?.browser.close()));
  await server?.stop();
});

/** Frames of a shared screen sent or received so far: no camera is that large here. */
const screenFrames = (page, type, field) => page.evaluate(async (wanted, count) => {
  let frames = 0;
  for (const stat of (await window.__connections.at(-1).getStats()).values())
    if (stat.type === wanted && stat.kind === 'video' && stat.frameHeight >= 700) frames += stat[count];
  return frames;
}, type, field);
const sent = () => screenFrames(bens, 'outbound-rtp', 'framesSent');
const arrived = (page) => screenFrames(page, 'inbound-rtp', 'framesDecoded');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function set(name) {
  await click(annas, 'Security');
  await click(annas, name, 'switch');
  await wait(300);
  await annas.keyboard.press('Escape');
  await until(annas, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
}

test('a screen that the rules do not allow is sent and reaches nobody; once they do, it is seen', async () => {
  await click(bens, 'Share screen');
  for (const end = Date.now() + 20_000; (await sent()) < 20; await wait(200)) assert.ok(Date.now() < end, 'the changed page does send');
  await wait(2_000);
  for (const page of [annas, cleos]) {
    assert.equal(await arrived(page), 0, 'nothing of it arrives');
    assert.equal(await page.$('[aria-label="Ben\'s screen"]'), null, 'and no screen is shown');
  }
  // The very same page, unchanged in what it does: the rule alone made the difference.
  await set('Share screen');
  await Promise.all([seesMoving(annas, "Ben's screen", 'yellow'), seesMoving(cleos, "Ben's screen", 'yellow')]);
  await click(bens, 'Stop sharing');
});

test('chat that is off reaches nobody', async () => {
  await set('Chat');
  await click(bens, 'Chat');
  await by(bens, 'textbox', 'Message').fill('against the rules');
  await click(bens, 'Send');
  await wait(2_000);
  await click(cleos, 'Chat');
  for (const page of [annas, cleos]) assert.ok(!(await page.evaluate(() => document.body.innerText)).includes('against the rules'));
});

test('buttons of the host’s side do nothing in the hands of a guest', async () => {
  await openParticipants(bens);
  await click(bens, 'Remove Cleo');
  await click(bens, 'Security');
  await click(bens, 'Lock meeting', 'switch');
  await bens.keyboard.press('Escape');
  await wait(2_000);
  await seesMoving(annas, 'Cleo', 'blue');
  await click(annas, 'Security');
  assert.equal(await annas.$eval('[role=switch][aria-label="Lock meeting"]', (box) => box.checked), false);
  await annas.keyboard.press('Escape');
  await seesMoving(cleos, 'Anna', 'red');
});
