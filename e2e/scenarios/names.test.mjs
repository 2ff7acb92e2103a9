// Who is who: a short name is enough, names that could be taken for one another are marked, the host can rename, and
// everyone is told who comes on the same device as last time and who on a new one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible } from '../lib/accessible.mjs';
import { admit, by, chromium, click, host, inMeeting, knock, newPage, openParticipants, reads, until } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

let server, doctor, maria, ben, doctors, marias, bens, link;
before(async () => {
  server = await startServer();
  [doctor, maria, ben] = await Promise.all([chromium('red'), chromium('green'), chromium('blue')]);
  ({ page: doctors, link } = await host(doctor, server, 'Dr. Müller'));
});
after(async () => {
  await Promise.allSettled([doctor, maria, ben].map((p) => p?.browser.close()));
  await server?.stop();
});

/** The page before joining, and what its name field holds. */
async function lobby(person) {
  const page = await newPage(person);
  await page.goto(link);
  await until(page, 'the page before joining', () => document.querySelector('[data-testid=allow-devices], input[type=text]'));
  const allow = await page.$('[data-testid=allow-devices]');
  if (allow) await allow.click();
  await by(page, 'textbox', 'Your name').wait();
  return page;
}
/** After leaving, by the page before joining. */
async function rejoin(page, name, button) {
  await click(page, 'Rejoin');
  await by(page, 'textbox', 'Your name').fill(name);
  await click(page, button);
}
const named = (page) => page.$eval('input[type=text]', (field) => field.value);

/** What the row of this person in the list of those in the meeting says. */
const row = (page, name, list = 'In the meeting') => page.evaluate((wanted, label) => {
  const rows = [...document.querySelectorAll(`ul[aria-label="${label}"] > li`)];
  return rows.find((each) => each.querySelector('bdi')?.textContent === wanted)?.innerText ?? '';
}, name, list);
const rowReads = (page, name, words) => until(page, `the row of ${name} should read "${words}"`, (wanted, said) =>
  [...document.querySelectorAll('ul[aria-label="In the meeting"] > li')].some((each) =>
    each.querySelector('bdi')?.textContent === wanted && each.innerText.includes(said)), name, words);

test('a first name and an initial are enough, by the keyboard alone, and the device remembers them', async () => {
  marias = await lobby(maria);
  assert.equal(await marias.$eval('input[type=text]', (field) => document.getElementById(field.getAttribute('aria-describedby')).innerText),
    'The others see this name. A first name and an initial are enough, like Maria K.');
  assert.equal(await named(marias), '');
  await marias.focus('input[type=text]');
  await marias.keyboard.type('Maria');
  assert.equal(await marias.$('::-p-aria([name="Use Maria K."][role="button"])'), null, 'nothing to shorten yet');
  await marias.keyboard.type(' Kowalska');
  await by(marias, 'button', 'Use Maria K.').wait();
  await accessible(marias, 'names');
  await marias.keyboard.press('Tab');
  assert.equal(await marias.evaluate(() => document.activeElement.textContent), 'Use Maria K.');
  await marias.keyboard.press('Enter');
  await until(marias, 'the short name in the field, which has the focus', () => document.activeElement.value === 'Maria K.');
  await marias.keyboard.press('Enter');
  await reads(marias, 'Waiting for the host to let you in');
  await admit(doctors, 'Maria K.');
  await inMeeting(marias);
  const again = await lobby(maria);
  assert.equal(await named(again), 'Maria K.');
  await again.close();
});

test('a full name is taken as it is, and forgotten by whoever wants that', async () => {
  const page = await lobby(ben);
  await by(page, 'textbox', 'Your name').fill('Benjamin Okafor');
  await click(page, 'Remember my name on this device', 'checkbox');
  await click(page, 'Ask to join');
  await reads(page, 'Waiting for the host to let you in');
  await by(doctors, 'button', 'Admit Benjamin Okafor').wait();
  await page.close();
  const again = await lobby(ben);
  assert.equal(await named(again), '');
  await click(again, 'Remember my name on this device', 'checkbox');
  await again.close();
});

test('whoever knocks under the name of somebody here is marked before being let in', async () => {
  bens = await knock(ben, link, 'dr. Мueller');
  await reads(doctors, 'looks like another name here: Dr. Müller');
  await openParticipants(doctors);
  assert.match(await row(doctors, 'dr. Мueller', 'Waiting room'), /looks like another name here: Dr\. Müller/);
  assert.ok(!(await bens.evaluate(() => document.body.innerText)).includes('looks like'), 'who waits learns of nobody');
  await accessible(doctors, 'names');
  await admit(doctors, 'dr. Мueller');
  await inMeeting(bens);
});

test('everyone reads it in the list and on the tile, and nobody is renamed for it', async () => {
  for (const page of [marias, bens]) {
    await openParticipants(page);
    await rowReads(page, 'Dr. Müller', 'looks like another name here: dr. Мueller');
    await rowReads(page, 'dr. Мueller', 'looks like another name here: Dr. Müller');
    assert.doesNotMatch(await row(page, 'Maria K.'), /another/);
    await rowReads(page, 'Dr. Müller', 'Host');
    await rowReads(page, 'Maria K.', 'Guest');
    assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /device/, 'they have never met');
  }
  const plate = '[role=group][aria-label="dr. Мueller"] .plate';
  assert.match(await marias.$eval(plate, (each) => each.innerText), /looks like another name here/);
  await until(marias, 'after a while only a screen reader is told', (selector) =>
    !document.querySelector(selector).querySelector('small') && /looks like another name here/.test(document.querySelector(selector).textContent), plate);
  await accessible(marias, 'names');
});

test('the host renames whoever is in, everyone follows, and each may rename oneself', async () => {
  await click(doctors, 'Rename dr. Мueller');
  await by(doctors, 'textbox', 'New name for dr. Мueller').fill('maria k.');
  await doctors.keyboard.press('Enter');
  for (const page of [doctors, marias, bens]) {
    await rowReads(page, 'maria k.', 'another person here has this name');
    await rowReads(page, 'Maria K.', 'another person here has this name');
  }
  await click(bens, 'Rename maria k.');
  await by(bens, 'textbox', 'New name for maria k.').fill('Ben O.');
  await bens.keyboard.press('Enter');
  for (const page of [doctors, marias, bens]) {
    await until(page, 'nothing is marked any more', () => document.body.innerText.includes('Ben O.') && !document.body.innerText.includes('another person'));
  }
});

test('another time the same devices are recognised, and a known name on a new device is announced in words', async () => {
  for (const page of [bens, marias]) {
    await click(page, 'Leave');
    await by(page, 'button', 'Rejoin').wait();
  }
  await click(doctors, 'Leave');
  await click(doctors, 'Leave meeting');
  await rejoin(doctors, 'Dr. Müller', 'Start meeting');
  await inMeeting(doctors);
  await rejoin(bens, 'Ben O.', 'Ask to join');
  await openParticipants(doctors);
  await by(doctors, 'button', 'Admit Ben O.').wait();
  assert.match(await row(doctors, 'Ben O.', 'Waiting room'), /same device as last time/);
  await admit(doctors, 'Ben O.');
  await inMeeting(bens);
  await rowReads(doctors, 'Ben O.', 'same device as last time');
  await openParticipants(bens);
  await rowReads(bens, 'Dr. Müller', 'Host · same device as last time');

  await maria.browser.close();
  maria = await chromium('green');
  await click(doctors, 'Participants');
  marias = await knock(maria, link, 'Maria K.');
  await reads(doctors, 'new device, not the one of last time');
  await accessible(doctors, 'names');
  await click(doctors, 'Admit Maria K.');
  await inMeeting(marias);
  for (const page of [doctors, bens]) {
    await reads(page, 'Maria K. comes with a device you have not met before. If that matters, ask them to read you the meeting code.');
    await openParticipants(page);
    await rowReads(page, 'Maria K.', 'new device, not the one of last time');
    await accessible(page, 'names');
  }
  await openParticipants(marias);
  await rowReads(marias, 'Ben O.', 'Guest');
  assert.doesNotMatch(await row(marias, 'Ben O.'), /device/, 'a device that knew nobody is told nothing');
});
