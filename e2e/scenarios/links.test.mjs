// Links that are wrong in one way each: a clear message, and an undisturbed host.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { by, chromium, click, host, knock, newPage, openParticipants, reads } from '../lib/people.mjs';
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

const flipped = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
const parts = () => {
  const [path, fragment] = link.split('#');
  const [version, secret, fingerprint] = fragment.split('.');
  return { path, version, secret, fingerprint };
};

async function alertFor(address) {
  const page = await newPage(ben);
  await page.goto(address);
  await page.waitForSelector('[role=alert]');
  const text = await page.evaluate(() => document.querySelector('[role=alert]').innerText);
  await page.close();
  return text;
}

const waitingNames = () => annas.evaluate(() => [...document.querySelectorAll('button')]
  .map((b) => b.getAttribute('aria-label') ?? b.innerText).filter((n) => n.startsWith('Admit ')));

test('a link with another id says there is no such meeting', async () => {
  const { path, version, secret, fingerprint } = parts();
  const text = await alertFor(`${flipped(path, path.length - 3)}#${version}.${secret}.${fingerprint}`);
  assert.match(text, /no meeting|not find|doesn.t exist/i);
});

test('a link with another fingerprint is refused as not the host’s meeting', async () => {
  const { path, version, secret, fingerprint } = parts();
  const text = await alertFor(`${path}#${version}.${secret}.${flipped(fingerprint, 4)}`);
  assert.match(text, /link/i);
});

test('a link with another secret is refused and does not disturb the host', async () => {
  const { path, version, secret, fingerprint } = parts();
  const text = await alertFor(`${path}#${version}.${flipped(secret, 5)}.${fingerprint}`);
  assert.match(text, /link/i);
  assert.deepEqual(await waitingNames(), []);
});

test('an address without a secret asks for the passcode, and the right one leads on', async () => {
  const page = await newPage(ben);
  await page.goto(parts().path);
  const type = async (text) => {
    const field = await page.waitForSelector('input[placeholder="XXXX-XXXX"]');
    await field.evaluate((input) => { input.value = ''; });
    await field.type(text);
    await click(page, 'Continue');
  };
  await type('2222-2222');
  await page.waitForSelector('[role=alert]');
  const passcode = await annas.evaluate(() => document.body.innerText.match(/[2-9A-Z]{4}-[2-9A-Z]{4}/)?.[0]);
  assert.ok(passcode, 'the host is shown it');
  await type(passcode.toLowerCase());
  await page.waitForFunction(() => !document.querySelector('input[placeholder="XXXX-XXXX"]'));
  assert.equal(await page.evaluate(() => document.querySelectorAll('[role=alert]').length), 0);
  await page.close();
});

test('names are shown as text, without direction tricks and within bounds', async () => {
  const nasty = [
    ['<img src=x onerror=alert(1)>', (shown) => shown.includes('<img')],
    ['\u202Egnp.exe Anna\u2066', (shown) => !/[\u202A-\u202E\u2066-\u2069]/.test(shown)],
    ['x'.repeat(10_000), (shown) => shown.length <= 60 + 'Admit '.length],
  ];
  for (const [name, fine] of nasty) {
    const page = await knock(ben, link, name);
    await annas.waitForFunction(() => [...document.querySelectorAll('button')]
      .some((b) => (b.getAttribute('aria-label') ?? '').startsWith('Admit ') && b.getAttribute('aria-label') !== 'Admit all')
      || document.body.innerText.includes('waiting'), { timeout: 30_000 });
    if ((await waitingNames()).length === 0) await openParticipants(annas);
    await annas.waitForFunction(() => [...document.querySelectorAll('button')]
      .some((b) => (b.getAttribute('aria-label') ?? '').startsWith('Admit ') && b.getAttribute('aria-label') !== 'Admit all'));
    const [shown] = (await waitingNames()).filter((n) => n !== 'Admit all');
    assert.ok(fine(shown), `shown as ${JSON.stringify(shown.slice(0, 80))}`);
    assert.equal(await annas.evaluate(() => document.querySelectorAll('img[src="x"]').length), 0);
    await click(page, 'Leave');
    await reads(page, 'You have left');
    await page.close();
  }
});

test('a second tab of the same person is told so', async () => {
  const first = await knock(ben, link, 'Ben');
  await reads(first, 'Waiting for the host to let you in');
  const second = await newPage(ben);
  await second.goto(link);
  await reads(second, 'open in another tab');
  await by(second, 'button', 'Use this tab').wait();
  await first.bringToFront();
  await by(first, 'button', 'Leave').click();
});
