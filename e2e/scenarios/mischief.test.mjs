// A server that misbehaves: every case is refused or shown in words, and never is a wrong face
// under a name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SENDERS } from '../lib/clips.mjs';
import { misbehaving, plaintextPeer } from '../lib/mischief.mjs';
import { admit, by, chromium, click, host, inMeeting, knock, reads } from '../lib/people.mjs';
import { hears, seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, bad;
const open = [];
before(async () => {
  server = await startServer();
  bad = await misbehaving(server);
});
after(async () => {
  await Promise.allSettled(open.map((p) => p.browser.close()));
  bad?.stop();
  await server?.stop();
});
const person = async (sender) => {
  const made = await chromium(sender);
  open.push(made);
  return made;
};

/** Colours of every picture the page shows. */
const shown = (page) => page.evaluate(() => [...document.querySelectorAll('video')]
  .filter((v) => v.videoWidth > 0 && getComputedStyle(v).visibility === 'visible' && getComputedStyle(v).opacity > 0.1
    && v.checkVisibility?.({ checkOpacity: true, checkVisibilityCSS: true }) !== false)
  .map((v) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const paint = canvas.getContext('2d', { willReadFrequently: true });
    paint.drawImage(v, 0, v.videoHeight / 2, v.videoWidth, v.videoHeight / 2, 0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }));
const near = (a, b) => a.every((c, i) => Math.abs(c - b[i]) < 45);

test('plaintext media of the server’s own is never shown and never heard', async () => {
  const [anna, ben] = [await person('red'), await person('green')];
  const attacker = await plaintextPeer('yellow');
  open.push(attacker.person);
  await attacker.prepare(server.url);
  const { page: annas, link } = await host(anna, bad, 'Anna');
  const bens = await knock(ben, link, 'Ben');
  // From here on the server answers Ben's offers with its own camera, unencrypted.
  bad.plan.toServer = async (message, { tell }) => {
    if (message.type !== 'offer') return message;
    tell({ type: 'answer', sdp: await attacker.answer(message.sdp) });
    return null;
  };
  await admit(annas, 'Ben');
  await inMeeting(bens);
  const deadline = Date.now() + 12_000;
  while (Date.now() < deadline) {
    for (const colour of await shown(bens)) assert.ok(!near(colour, SENDERS.yellow.rgb), 'the attacker’s picture was shown');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(await attacker.sent() > 30, 'the attacker really sent video');
  await assert.rejects(hears(bens, 'yellow', 2_000), 'the attacker was heard');
  bad.plan.toServer = undefined;
  await Promise.allSettled([bens.close(), annas.close()]);
});

test('relabelled slots and members: each face stays under its own name', async () => {
  const [anna, ben, chris] = [await person('red'), await person('green'), await person('blue')];
  const { page: annas, link } = await host(anna, bad, 'Anna');
  const bens = await knock(ben, link, 'Ben');
  await admit(annas, 'Ben');
  await inMeeting(bens);
  const chriss = await knock(chris, link, 'Chris');
  await admit(annas, 'Chris');
  await inMeeting(chriss);
  // To Anna, the server now says each slot carries the other guest.
  await Promise.all([seesMoving(annas, 'Ben', 'green'), seesMoving(annas, 'Chris', 'blue')]);
  let numbers = [];
  bad.plan.toClient = (message, { id }) => {
    if (message.type === 'members') numbers = message.members.map((m) => m.participant);
    if (message.type !== 'slots') return message;
    const others = [...new Set(message.slots.map((s) => s.participant).filter((p) => p !== null))];
    const swap = new Map([[others[0], others[1] ?? others[0]], [others[1], others[0]]]);
    return { ...message, slots: message.slots.map((s) => ({ ...s, participant: s.participant === null ? null : swap.get(s.participant) })) };
  };
  await annas.reload();
  await inMeeting(annas);
  const until = Date.now() + 8_000;
  while (Date.now() < until) {
    for (const [tile, right] of [['Ben', 'green'], ['Chris', 'blue']]) {
      const rgb = await annas.evaluate((name) => {
        const group = [...document.querySelectorAll('[role=group]')].find((g) => g.getAttribute('aria-label') === name);
        const video = group && [...group.querySelectorAll('video')].find((v) => v.videoWidth > 0 && getComputedStyle(v).visibility === 'visible' && getComputedStyle(v).opacity > 0.1);
        if (!video) return null;
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = 1;
        const paint = canvas.getContext('2d');
        paint.drawImage(video, 0, video.videoHeight / 2, video.videoWidth, video.videoHeight / 2, 0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      }, tile);
      if (rgb) {
        for (const wrong of Object.keys(SENDERS).filter((s) => s !== right)) {
          assert.ok(!near(rgb, SENDERS[wrong].rgb), `${wrong} was shown under ${tile}`);
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  bad.plan.toClient = undefined;
  await Promise.allSettled([annas.close(), bens.close(), chriss.close()]);
});

test('two knocks whose contents the server exchanges are both refused', async () => {
  const [anna, ben, chris] = [await person('red'), await person('green'), await person('blue')];
  const { page: annas, link } = await host(anna, bad, 'Anna');
  const waiting = [];
  bad.plan.toClient = (message, { tell }) => {
    if (message.type !== 'knocked') return message;
    waiting.push({ message, tell });
    if (waiting.length < 2) return null;
    const [first, second] = waiting.splice(0);
    return [{ ...first.message, sealed: second.message.sealed }, { ...second.message, sealed: first.message.sealed }];
  };
  const bens = await knock(ben, link, 'Ben');
  const chriss = await knock(chris, link, 'Chris');
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const names = await annas.evaluate(() => document.body.innerText);
  assert.ok(!/Ben|Chris/.test(names), 'the host was shown a name whose key is another’s');
  bad.plan.toClient = undefined;
  await Promise.allSettled([annas.close(), bens.close(), chriss.close()]);
});

test('withheld heartbeats are put in words, sending pauses, and comes back by itself', async () => {
  const [anna, ben] = [await person('red'), await person('green')];
  const { page: annas, link } = await host(anna, bad, 'Anna');
  const bens = await knock(ben, link, 'Ben');
  await admit(annas, 'Ben');
  await inMeeting(bens);
  await Promise.all([seesMoving(bens, 'Anna', 'red'), seesMoving(annas, 'Ben', 'green')]);
  bad.plan.toClient = (message) => (message.type === 'group_message' ? null : message);
  bens.limit = 60_000;
  await by(bens, 'status', 'Not confirmed').setTimeout(40_000).wait().catch(() => reads(bens, 'confirm'));
  await reads(bens, 'paused');
  bad.plan.toClient = undefined;
  await bens.waitForFunction(() => !document.body.innerText.includes('paused'), { timeout: 30_000 });
  await seesMoving(annas, 'Ben', 'green', 60_000);
  await click(bens, 'Leave');
});
