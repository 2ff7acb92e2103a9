// Co-hosts: made in one click, sharing the door with the host, alone with it when the host drops, handed the meeting.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, firefox, host, inMeeting, knock, newPage, openParticipants, reads, until } from '../lib/people.mjs';
import { seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

let server, hostPerson, anaPerson, benPerson, room, link, ana, ben;
before(async () => {
  server = await startServer();
  [hostPerson, anaPerson, benPerson] = await Promise.all([chromium('red'), firefox('green'), chromium('blue')]);
  ({ page: room, link } = await host(hostPerson, server, 'Dr. Reyes'));
  ana = await knock(anaPerson, link, 'Ana');
  await admit(room, 'Ana');
  await inMeeting(ana);
});
after(async () => {
  await Promise.allSettled([hostPerson, anaPerson, benPerson].map((p) => p?.browser.close()));
  await server?.stop();
});

const row = (page, name, words) => until(page, `${name} is "${words}"`, (who, role) => {
  const rows = [...document.querySelectorAll('[aria-label="In the meeting"] li')];
  const text = rows.find((each) => each.querySelector('bdi')?.textContent === who)?.querySelector('small')?.textContent ?? '';
  return text.split(' · ').includes(role);
}, name, words);
const sees = (page, name) => by(page, 'button', name).wait();
const hasNot = async (page, name) => assert.equal(await page.$(`::-p-aria([name="${name}"][role="button"])`), null, `there is a button "${name}"`);

test('one click makes a co-host, who sees who waits and lets them in', async () => {
  await openParticipants(room);
  await openParticipants(ana);
  await hasNot(ana, 'Security');
  await click(room, 'Make co-host Ana');
  for (const page of [room, ana]) await row(page, 'Ana', 'Co-host');
  await reads(ana, 'You are a co-host now');
  ben = await knock(benPerson, link, 'Ben');
  await sees(room, 'Admit Ben');
  await sees(ana, 'Admit Ben');
  await accessible(room, 'the participants with a co-host');
  await click(ana, 'Admit Ben');
  await inMeeting(ben);
  await seesMoving(ben, 'Ana', 'green');
  await seesMoving(ana, 'Ben', 'blue');
});

test('a co-host sets rules and mutes, and has no button for what is the host’s alone', async () => {
  await sees(ana, 'Security');
  await sees(ana, 'Remove Ben');
  for (const name of ['Make co-host Ben', 'Hand over host to Ben', 'Remove Dr. Reyes', 'Personal invitations']) await hasNot(ana, name);
  await click(ana, 'Security');
  await click(ana, 'Chat', 'switch');
  await until(ana, 'chat is off', () => !document.querySelector('[role=switch][aria-label=Chat]')?.checked);
  await hasNot(ana, 'Change invite link');
  await ana.keyboard.press('Escape');
  await click(ben, 'Chat');
  await reads(ben, 'The host has switched the chat off.');
});

test('the host drops: the co-host keeps the door, and the host returns as host', async () => {
  await room.close();
  await until(ana, 'the host is seen to be gone', () => document.querySelector('[role=group][aria-label="Dr. Reyes"]')?.innerText.includes('reconnecting')
    || document.querySelector('[aria-label="In the meeting"]')?.innerText.includes('reconnecting'));
  await click(ben, 'Leave');
  await click(ben, 'Rejoin');
  await until(ben, 'Ben asks again', () => /Ask to join|Waiting for the host/.test(document.body?.innerText ?? ''));
  if (await ben.$('::-p-aria([name="Ask to join"][role="button"])')) await click(ben, 'Ask to join');
  await reads(ben, 'Your host knows you are here.');
  await admit(ana, 'Ben');
  await inMeeting(ben);
  await seesMoving(ben, 'Ana', 'green');
  room = await newPage(hostPerson);
  await room.goto(link);
  await inMeeting(room);
  await openParticipants(room);
  await row(room, 'Dr. Reyes', 'Host');
  await row(room, 'Ana', 'Co-host');
  await seesMoving(ben, 'Dr. Reyes', 'red');
});

test('taken back: a participant again, for everyone', async () => {
  await click(room, 'Take back co-host from Ana');
  for (const page of [room, ana]) await row(page, 'Ana', 'Guest');
  await reads(ana, 'You are no longer a co-host');
  await hasNot(ana, 'Security');
  await hasNot(ana, 'Remove Ben');
});

test('handing over can be taken back for a moment, and then gives the whole meeting', async () => {
  await click(room, 'Hand over host to Ana');
  await reads(room, 'The meeting goes to Ana now');
  await click(room, 'Cancel');
  await until(room, 'the notice is gone', () => !document.body?.innerText.includes('The meeting goes to Ana now'));
  await click(room, 'Hand over host to Ana');
  await row(room, 'Ana', 'Host');
  await row(ana, 'Ana', 'Host');
  await row(ana, 'Dr. Reyes', 'Co-host');
  await reads(ana, 'You are the host now');
  await sees(ana, 'Make co-host Ben');
  await sees(ana, 'Personal invitations');
  for (const name of ['Make co-host Ben', 'Personal invitations']) await hasNot(room, name);
  await accessible(room, 'the participants of a former host');
});

test('the new host comes back as host after a reload, and ends it for everyone', async () => {
  await ana.reload();
  await inMeeting(ana);
  await openParticipants(ana);
  await row(ana, 'Ana', 'Host');
  await click(ana, 'Leave');
  await click(ana, 'End for everyone');
  for (const page of [ana, room, ben]) await reads(page, 'The meeting has ended');
});
