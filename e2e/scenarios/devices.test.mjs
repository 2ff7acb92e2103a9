// What the devices and browsers of real people do: a headset goes away, a browser is too old, a
// browser has only the older way to encrypt frames.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admit, by, chromium, click, host, inMeeting, knock, newPage, reads, until } from '../lib/people.mjs';
import { hears, seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, ben, annas, link;
before(async () => {
  server = await startServer();
  [anna, ben] = await Promise.all([chromium('red'), chromium('green')]);
  ({ page: annas, link } = await host(anna, server, 'Anna'));
});
after(async () => {
  await Promise.allSettled([anna, ben].map((p) => p?.browser.close()));
  await server?.stop();
});

/** Runs in the page before its scripts: remembers the tracks it gets, to take them away. */
function rememberTracks() {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.__tracks = [];
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await real(constraints);
    window.__tracks.push(...stream.getTracks());
    return stream;
  };
}

/** What a browser does when a device is unplugged: the track ends and says so. */
const unplug = (page, kind) => page.evaluate((wanted) => {
  const track = window.__tracks.findLast((t) => t.kind === wanted && t.readyState === 'live');
  track.stop();
  track.dispatchEvent(new Event('ended'));
}, kind);

test('a lost headset or camera is replaced by the next within a second, and the page says which', async () => {
  const bens = await knock(ben, link, 'Ben', rememberTracks);
  await admit(annas, 'Ben');
  await inMeeting(bens);
  await seesMoving(annas, 'Ben', 'green');

  for (const [kind, words] of [['audio', 'microphone'], ['video', 'camera']]) {
    const since = Date.now();
    await unplug(bens, kind);
    await until(bens, `the page should name the new ${words}`, (w) =>
      new RegExp(`Your ${w} has changed. Now using \\S`).test(document.body.innerText), words);
    const took = Date.now() - since;
    console.log(`# another ${words} after ${took} ms (goal 1,000)`);
    assert.ok(took < 10_000);
    await until(bens, 'a live track again', (k) => window.__tracks.some((t) => t.kind === k && t.readyState === 'live'), kind);
  }
  await Promise.all([seesMoving(annas, 'Ben', 'green'), hears(annas, 'green')]);
  await click(bens, 'Leave');
  await bens.close();
});

test('a browser that cannot encrypt a call says where to open the link, and copies it whole', async () => {
  const page = await newPage(ben);
  await page.evaluateOnNewDocument(() => {
    delete window.RTCRtpScriptTransform;
    delete RTCRtpSender.prototype.createEncodedStreams;
    delete RTCRtpReceiver.prototype.createEncodedStreams;
    navigator.clipboard.writeText = async (text) => { window.copied = text; };
  });
  await page.goto(link);
  await page.waitForSelector('[role=alert]');
  await reads(page, 'Open this in Safari (or Chrome)');
  await click(page, 'Copy link');
  await until(page, 'the link is copied', () => Boolean(window.copied));
  assert.equal(await page.evaluate(() => window.copied), link);
  assert.equal(await page.evaluate(() => window.__connections.length), 0, 'no call was begun');
  await page.close();
});

test('a browser with only the older frame streams meets the others', async () => {
  const page = await knock(ben, link, 'Old Ben', () => { delete window.RTCRtpScriptTransform; });
  await admit(annas, 'Old Ben');
  await inMeeting(page);
  await Promise.all([
    seesMoving(page, 'Anna', 'red'), hears(page, 'red'),
    seesMoving(annas, 'Old Ben', 'green'), hears(annas, 'green'),
  ]);
  await click(page, 'Leave');
  await page.close();
});

test('who refuses is shown the way back, and the page goes on by itself once allowed', async () => {
  const careful = await chromium('blue', { devices: false, args: ['--use-fake-device-for-media-stream'] });
  try {
    const context = careful.browser.defaultBrowserContext();
    const { origin } = new URL(server.url);
    await context.overridePermissions(origin, []);
    const page = await newPage(careful);
    await page.goto(link);
    await (await page.waitForSelector('[data-testid=allow-devices]')).click();
    await page.waitForSelector('[role=alert]');
    await reads(page, 'This page goes on by itself as soon as you allow them');
    await context.overridePermissions(origin, ['camera', 'microphone']);
    await by(page, 'textbox', 'Your name').wait();
  } finally {
    await careful.browser.close();
  }
});
