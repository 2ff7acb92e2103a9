// A shared screen: picture, sound and the presenter's face arrive, one presenter at a time, and it ends from both sides.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, firefox, host, inMeeting, knock, openParticipants, reads, until } from '../lib/people.mjs';
import { hears, hearsRecorded, seesMoving } from '../lib/probes.mjs';
import { sharesScreen } from '../lib/screens.mjs';
import { startServer } from '../lib/server.mjs';

/** For looking at it: `SHOTS=directory node --test scenarios/share.test.mjs`. */
const SHOTS = process.env.SHOTS;

let server, annas, bens, doras, link;
const people = [];
const person = async (start, sender, options) => {
  const made = await start(sender, options);
  people.push(made);
  return made;
};
before(async () => {
  server = await startServer();
  ({ page: annas, link } = await host(await person(chromium, 'red'), server, 'Anna', ...sharesScreen('blue')));
  bens = await knock(await person(chromium, 'green'), link, 'Ben', ...sharesScreen('yellow', { silent: true }));
  await admit(annas, 'Ben');
  await inMeeting(bens);
});
after(async () => {
  await Promise.allSettled(people.map((p) => p.browser.close()));
  await server?.stop();
});

const nobodyShares = (page) => until(page, 'no screen is shown', () => !document.querySelector('[aria-label$="’s screen"], [aria-label$="\'s screen"]'));
const described = (page, name) => page.evaluate((label) => {
  const button = document.querySelector(`button[aria-label="${label}"]`);
  return [button?.getAttribute('aria-disabled'), button?.getAttribute('aria-description')];
}, name);

async function shots(page, name) {
  if (!SHOTS) return;
  for (const theme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    for (const [width, height] of [[1280, 800], [390, 844]]) {
      await page.setViewport({ width, height });
      await new Promise((resolve) => setTimeout(resolve, 600));
      await page.screenshot({ path: `${SHOTS}/${name}-${width}-${theme}.png` });
    }
  }
  await page.setViewport({ width: 1280, height: 800 });
}

/** Runs in a page before its scripts: one of those that cannot share, on a device that takes its time over an offer. */
function slowPhone() {
  delete MediaDevices.prototype.getDisplayMedia;
  const { createOffer } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createOffer = async function (...options) {
    const offer = await createOffer.apply(this, options);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return offer;
  };
}

/** Frames of the shared screen sent or received so far: no camera is shown that large beside it. */
const screenFrames = (page, type, field) => page.evaluate(async (wanted, count) => {
  let frames = 0;
  for (const stat of (await window.__connections.at(-1).getStats()).values())
    if (stat.type === wanted && stat.kind === 'video' && stat.frameHeight >= 700) frames += stat[count];
  return frames;
}, type, field);

/** Turns a switch of the host's Security dialog. */
async function set(name, on) {
  await click(annas, 'Security');
  const find = (label) => document.querySelector(`[role=dialog] [role=switch][aria-label="${label}"]`);
  await until(annas, `switch ${name}`, find, name);
  await (await annas.evaluateHandle(find, name)).click();
  await until(annas, `switch ${name} is ${on}`, (label, wanted) =>
    document.querySelector(`[role=switch][aria-label="${label}"]`)?.checked === wanted, name, on);
  await annas.keyboard.press('Escape');
  await until(annas, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
}

test('only the host shares, until the host lets the others', async () => {
  const why = (page) => until(page, 'why it does nothing', () =>
    /^The host has not allowed/.test(document.querySelector('button[aria-label="Share screen"]')?.getAttribute('aria-description') ?? ''));
  await why(bens);
  await click(bens, 'Share screen');
  await reads(bens, 'The host has not allowed you to share your screen');
  assert.equal(await bens.evaluate(() => window.display), undefined, 'nothing is asked of the browser');
  await set('Share screen', true);
  await until(bens, 'the button works', () => !document.querySelector('button[aria-label="Share screen"]').hasAttribute('aria-disabled'));
});

test('two viewers, one of them in Firefox, see and hear a shared screen beside the presenter’s face', async () => {
  doras = await knock(await person(firefox, 'yellow'), link, 'Dora');
  await admit(annas, 'Dora');
  await inMeeting(doras);
  await seesMoving(doras, 'Anna', 'red');

  await click(annas, 'Share screen');
  await reads(annas, 'You are sharing a window');
  await Promise.all([
    seesMoving(bens, "Anna's screen", 'blue'), hears(bens, 'blue'),
    seesMoving(doras, "Anna's screen", 'blue'), hearsRecorded(doras, 'blue'),
  ]);
  await Promise.all([seesMoving(bens, 'Anna', 'red'), hears(bens, 'red'), seesMoving(doras, 'Anna', 'red')]);
  const own = await annas.evaluate(() => document.querySelectorAll('[aria-label="Anna\'s screen"]').length);
  assert.equal(own, 0, 'the presenter does not see the screen inside itself');
  await Promise.all([accessible(annas, 'presenter'), accessible(bens, 'viewer')]);
  await shots(annas, 'presenter');
  await shots(bens, 'viewer');
});

test('the picture can be enlarged, moved and shown whole again, with buttons and keys', async () => {
  const transform = () => bens.evaluate(() => getComputedStyle(document.querySelector('.shared-zoom')).transform);
  assert.equal(await transform(), 'none');
  await click(bens, 'Zoom in');
  await until(bens, 'larger', () => getComputedStyle(document.querySelector('.shared-zoom')).transform.startsWith('matrix(1.25,'));
  const before = await transform();
  await bens.focus('[aria-label="Anna\'s screen"]');
  await bens.keyboard.press('ArrowRight');
  assert.notEqual(await transform(), before, 'arrow keys move it');
  await bens.keyboard.press('+');
  await bens.keyboard.press('-');
  await click(bens, 'Reset zoom');
  assert.equal(await transform(), 'none');
  const box = await (await bens.$('[aria-label="Anna\'s screen"]')).boundingBox();
  await bens.mouse.move(box.x + 100, box.y + 100);
  await bens.mouse.wheel({ deltaY: -300 });
  await until(bens, 'larger by the wheel', () => getComputedStyle(document.querySelector('.shared-zoom')).transform !== 'none');
  await bens.keyboard.press('0');
  await click(bens, 'Full screen');
  await until(bens, 'fills the page', () => document.querySelector('.shared').clientWidth >= innerWidth - 1);
  await click(bens, 'Leave full screen');
  await seesMoving(bens, 'Anna', 'red');
});

test('what matters can be changed while sharing', async () => {
  const hint = () => annas.evaluate(() => window.display.stream.getVideoTracks()[0].contentHint);
  assert.equal(await hint(), 'detail');
  await click(annas, 'Smooth motion');
  assert.equal(await hint(), 'motion');
  await click(annas, 'Sharp text');
  assert.equal(await hint(), 'detail');
});

test('a second presenter is told who is sharing, and nothing is asked of the browser', async () => {
  const [disabled, why] = await described(bens, 'Share screen');
  assert.equal(disabled, 'true');
  assert.match(why, /^Anna is sharing a screen/);
  await click(bens, 'Share screen');
  await reads(bens, 'Anna is sharing a screen');
  assert.equal(await bens.evaluate(() => window.display), undefined);
});

test('who comes later, with a browser that cannot share, sees a screen on which nothing moves any more', async () => {
  await annas.evaluate(() => window.display.pause());
  const emils = await knock(await person(chromium, 'yellow'), link, 'Emil', slowPhone);
  await admit(annas, 'Emil');
  await inMeeting(emils);
  await until(emils, 'the shared screen is shown', () => {
    const video = document.querySelector('[aria-label="Anna\'s screen"] video');
    return video?.videoWidth > 0 && getComputedStyle(video).opacity > 0.9;
  });
  await Promise.all([hears(emils, 'blue'), seesMoving(bens, 'Anna', 'red')]);
  assert.equal(await emils.$('button[aria-label="Share screen"]'), null, 'no button where it cannot be done');
  await click(emils, 'Leave');
});

test('sharing ends with the button, and then somebody else can share', async () => {
  await click(annas, 'Stop sharing');
  await Promise.all([nobodyShares(bens), nobodyShares(doras)]);
  await by(annas, 'button', 'Share screen').wait();
  assert.ok(await annas.evaluate(() => window.display.stream.getTracks().every((track) => track.readyState === 'ended')));
  await until(bens, 'the button works again', () => !document.querySelector('button[aria-label="Share screen"]').hasAttribute('aria-disabled'));
  await click(bens, 'Share screen');
  await reads(bens, 'without sound');
  await Promise.all([seesMoving(annas, "Ben's screen", 'yellow'), seesMoving(doras, "Ben's screen", 'yellow')]);
});

test('sharing ends with the browser’s own button, and the same person can share again', async () => {
  await bens.evaluate(() => window.display.end());
  await reads(bens, 'You have stopped sharing');
  await Promise.all([nobodyShares(annas), nobodyShares(doras)]);
  await click(annas, 'Share screen');
  await Promise.all([seesMoving(bens, "Anna's screen", 'blue'), hears(bens, 'blue'), seesMoving(doras, "Anna's screen", 'blue')]);
});

test('the host ends somebody’s sharing, and the others’ right to share', async () => {
  await click(annas, 'Stop sharing');
  await nobodyShares(bens);
  await click(bens, 'Share screen');
  await seesMoving(annas, "Ben's screen", 'yellow');
  await openParticipants(annas);
  await click(annas, "Stop Ben's sharing");
  await reads(bens, 'The host has ended sharing');
  await Promise.all([nobodyShares(annas), nobodyShares(doras)]);
  await click(bens, 'Share screen');
  await seesMoving(annas, "Ben's screen", 'yellow');
  // A page that goes on sending all the same: nobody sees it, and nothing arrives.
  await bens.evaluate(() => {
    MediaStreamTrack.prototype.stop = () => {};
    const replace = RTCRtpSender.prototype.replaceTrack;
    RTCRtpSender.prototype.replaceTrack = function (track) {
      return track === null && this.track?.kind === 'video' ? Promise.resolve() : replace.call(this, track);
    };
  });
  await set('Share screen', false);
  await Promise.all([nobodyShares(annas), nobodyShares(doras)]);
  const [sent, seen] = [await screenFrames(bens, 'outbound-rtp', 'framesSent'), await screenFrames(annas, 'inbound-rtp', 'framesReceived')];
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.ok((await screenFrames(bens, 'outbound-rtp', 'framesSent')) > sent + 5, 'the changed page goes on sending');
  assert.ok(seen > 0, 'the screen was seen before');
  assert.equal(await screenFrames(annas, 'inbound-rtp', 'framesReceived'), seen, 'and nobody gets it');
  await set('Share screen', true);
  await bens.reload();
  await inMeeting(bens);
  await click(annas, 'Share screen');
  await seesMoving(bens, "Anna's screen", 'blue');
});

test('a presenter who reloads has stopped, and one who leaves too', async () => {
  await annas.reload();
  await inMeeting(annas);
  await nobodyShares(bens);
  await click(bens, 'Share screen');
  await seesMoving(annas, "Ben's screen", 'yellow');
  await click(bens, 'Leave');
  await nobodyShares(annas);
  assert.deepEqual(annas.problems, []);
});
