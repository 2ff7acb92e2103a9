// The host's control: what is set in the dialog holds for the others' pages, for the server and for the members.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, host, inMeeting, knock, openParticipants, reads, until } from '../lib/people.mjs';
import { hears, seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna, ben, cleo, annas, bens, cleos, link;
before(async () => {
  server = await startServer();
  [anna, ben, cleo] = await Promise.all([chromium('red'), chromium('green'), chromium('blue')]);
  ({ page: annas, link } = await host(anna, server, 'Anna'));
  await click(annas, 'Participants');
  [bens, cleos] = [await knock(ben, link, 'Ben'), await knock(cleo, link, 'Cleo')];
  for (const name of ['Ben', 'Cleo']) await admit(annas, name);
  await Promise.all([bens, cleos].map(inMeeting));
  await Promise.all([seesMoving(annas, 'Ben', 'green'), seesMoving(bens, 'Cleo', 'blue'), hears(annas, 'green')]);
});
after(async () => {
  await Promise.allSettled([anna, ben, cleo].map((p) => p?.browser.close()));
  await server?.stop();
});

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const has = (page, role, name) => by(page, role, name).wait();

/** Turns a switch of the Security dialog. */
async function set(name, on) {
  await click(annas, 'Security');
  const find = (label) => document.querySelector(`[role=dialog] [role=switch][aria-label="${label}"]`);
  await until(annas, `switch ${name}`, find, name);
  const handle = await annas.evaluateHandle(find, name);
  if ((await handle.evaluate((element) => element.checked)) !== on) await handle.click();
  await until(annas, `switch ${name} is ${on}`, (label, wanted) =>
    document.querySelector(`[role=switch][aria-label="${label}"]`)?.checked === wanted, name, on);
  await closeDialog();
}

async function closeDialog() {
  await annas.keyboard.press('Escape');
  await until(annas, 'the dialog closes', () => !document.querySelector('[role=dialog]'));
}

/** Packets of sound, or whole frames of pictures, that reached the page within the time. */
const arriving = async (page, kind, ms) => {
  const count = () => page.evaluate(async (wanted) => {
    let packets = 0;
    for (const stat of (await window.__connections.at(-1).getStats()).values()) {
      if (stat.type === 'inbound-rtp' && stat.kind === wanted) packets += wanted === 'audio' ? stat.packetsReceived : stat.framesReceived;
    }
    return packets;
  }, kind);
  const first = await count();
  await wait(ms);
  return (await count()) - first;
};

/** As a changed page would: the microphone goes on being sent, whatever the rules are. */
const sendAnyway = (page) => page.evaluate(async () => {
  const [track] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
  const sender = window.__connections.at(-1).getSenders()[0];
  await sender.replaceTrack(track);
});

test('muting: one, all, asked back, and never by another', async () => {
  await click(annas, 'Mute Ben');
  await reads(bens, 'The host has muted you');
  await has(bens, 'button', 'Unmute');
  await click(annas, 'Ask Ben to unmute');
  await reads(bens, 'The host asks you to unmute');
  await has(bens, 'button', 'Unmute');
  await click(bens, 'Not now');
  await has(bens, 'button', 'Unmute');
  await click(annas, 'Ask Ben to unmute');
  await click(bens, 'Unmute me');
  await has(annas, 'button', 'Mute Ben');
  await click(annas, 'Mute all');
  for (const page of [bens, cleos]) await has(page, 'button', 'Unmute');
  await has(annas, 'button', 'Mute');
  await click(bens, 'Unmute');
  await click(cleos, 'Unmute');
  await hears(annas, 'green');
});

test('with unmuting closed a changed page is not heard, and the host can give one person the word', async () => {
  for (const page of [bens, cleos]) await click(page, 'Mute');
  await has(annas, 'button', 'Ask Cleo to unmute');
  await set('Unmute themselves', false);
  await until(bens, 'Ben may not unmute', () => document.querySelector('[aria-label="Unmute"]')?.ariaDisabled === 'true');
  await click(bens, 'Unmute');
  await reads(bens, 'The host has muted everyone');
  await sendAnyway(bens);
  await wait(1_000);
  assert.ok((await arriving(cleos, 'audio', 2_000)) < 110, 'only the host is heard');
  await click(annas, 'Ask Ben to unmute');
  await click(bens, 'Unmute me');
  await hears(cleos, 'green');
  await click(annas, 'Mute Ben');
  await has(bens, 'button', 'Unmute');
  await set('Unmute themselves', true);
  await click(bens, 'Unmute');
  await click(cleos, 'Unmute');
  await hears(annas, 'blue');
});

test('video: stopped, closed, and back', async () => {
  await click(annas, "Stop Ben's video");
  await reads(bens, 'The host has stopped your video');
  await has(bens, 'button', 'Start video');
  await set('Start video', false);
  await click(bens, 'Start video');
  await reads(bens, 'The host does not allow video just now');
  await set('Start video', true);
  await click(bens, 'Start video');
  await seesMoving(annas, 'Ben', 'green');
});

test('chat goes off and on; addresses can be followed', async () => {
  await click(bens, 'Chat');
  await by(bens, 'textbox', 'Message').fill('see https://example.org/a.');
  await click(bens, 'Send');
  await click(cleos, 'Chat');
  const href = await cleos.waitForSelector('.chat-text a').then((a) => a.evaluate((link) => [link.href, link.rel]));
  assert.deepEqual(href, ['https://example.org/a', 'noopener noreferrer nofollow']);
  await set('Chat', false);
  for (const page of [bens, cleos]) await reads(page, 'The host has switched the chat off');
  assert.equal(await bens.$eval('.chat-form', (form) => form.hidden), true);
  await set('Chat', true);
  await by(bens, 'textbox', 'Message').fill('again');
  await click(bens, 'Send');
  await reads(cleos, 'again');
  for (const page of [bens, cleos]) await click(page, 'Chat');
});

test('names: the host renames, look-alikes are marked, renaming can be closed', async () => {
  await click(annas, 'Rename Cleo');
  await by(annas, 'textbox', 'New name for Cleo').fill('Веn');
  await click(annas, 'Save name');
  await reads(annas, 'looks like another name here: Ben');
  await click(annas, 'Rename Веn');
  await by(annas, 'textbox', 'New name for Веn').fill('Cleo');
  await annas.keyboard.press('Enter');
  await has(annas, 'button', 'Remove Cleo');
  await click(bens, 'Participants');
  await has(bens, 'button', 'Rename Ben');
  await set('Rename themselves', false);
  await until(bens, 'no renaming', () => !document.querySelector('[aria-label="Rename Ben"]'));
  await click(bens, 'Participants');
});

test('Stop everything freezes media, chat and the door at once, and Resume undoes it', async () => {
  await click(annas, 'Security');
  await click(annas, 'Stop everything');
  await has(annas, 'button', 'Resume');
  for (const page of [bens, cleos]) await reads(page, 'The host has stopped everything');
  await wait(1_500);
  assert.equal(await arriving(annas, 'video', 1_500), 0, 'no pictures');
  assert.equal(await arriving(annas, 'audio', 1_500), 0, 'no sound');
  await click(annas, 'Resume');
  await closeDialog();
  await until(bens, 'resumed', () => !document.body.innerText.includes('The host has stopped everything'));
  await click(bens, 'Start video');
  await seesMoving(annas, 'Ben', 'green');
});

test('holding space talks; every control works by keyboard; nothing for axe to find', async () => {
  await until(bens, 'Ben is muted', () => document.querySelector('[aria-label="Unmute"]'));
  await bens.evaluate(() => document.activeElement?.blur());
  await bens.keyboard.down(' ');
  await has(bens, 'button', 'Mute');
  await bens.keyboard.up(' ');
  await has(bens, 'button', 'Unmute');
  await annas.focus('[aria-label="Security"]');
  await annas.keyboard.press('Enter');
  await until(annas, 'the dialog has the focus', () => document.activeElement?.closest('[role=dialog]'));
  await accessible(annas, 'security');
  await closeDialog();
});

test('a removed device stays out until the host allows it again; a locked meeting says so', async () => {
  await until(annas, 'the panel is still open', () => document.querySelector('[aria-label="Remove Cleo"]'));
  await click(annas, 'Remove Cleo');
  await cleos.waitForSelector('[role=alert]');
  await cleos.close();
  cleos = await knock(cleo, link, 'Cleo');
  await reads(cleos, 'You were not let in');
  await click(annas, 'Security');
  await click(annas, 'Allow Cleo again');
  await closeDialog();
  await cleos.close();
  cleos = await knock(cleo, link, 'Cleo');
  await admit(annas, 'Cleo');
  await inMeeting(cleos);
  await set('Lock meeting', true);
  const dora = await chromium('yellow');
  try {
    const doras = await knock(dora, link, 'Dora');
    await reads(doras, 'The meeting is locked');
    await set('Lock meeting', false);
    await doras.close();
    await knock(dora, link, 'Dora');
    await openParticipants(annas);
    const admits = (held) => until(annas, `Admit Dora is ${held ? 'held' : 'free'}`, (wanted) =>
      document.querySelector('[aria-label="Admit Dora"]')?.getAttribute('aria-disabled') === wanted, `${held}`);
    await admits(false);
    await set('Lock meeting', true);
    await admits(true);
    await reads(annas, 'The meeting is locked. You can admit people once you have unlocked it.');
    await set('Lock meeting', false);
    await admits(false);
  } finally {
    await dora.browser.close();
  }
});
