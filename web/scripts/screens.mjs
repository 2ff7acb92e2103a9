// Takes pictures of every screen of the fixture page and runs axe on each:
// node scripts/screens.mjs OUT [name …]
import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';
import { createServer } from 'vite';

const [out = '/tmp/screens', ...only] = process.argv.slice(2);
const SIZES = { phone: [390, 844], tablet: [768, 1024], desktop: [1280, 800] };
const AFTER = {
  participants: 'Participants', alike: 'Participants', chat: 'Chat', chatempty: 'Chat', code: 'Encryption', leave: 'Leave', more: 'More',
};
const SCREENS = ['home', 'permission', 'lobby&video', 'lobby', 'lobbyhost&video', 'lobbyaway', 'waiting&video', 'waitingaway', 'entering', 'empty&video', 'alone',
  'two&video', 'three', 'five', 'nine&video', 'seventeen', 'many&video', 'away', 'unverified', 'door', 'doors', 'participants', 'alike', 'alikedoor', 'chat', 'chatempty', 'code', 'leave', 'more', 'toast', 'shared', 'sharednine', 'sharedmany', 'sharedunverified', 'sharing&video', 'sharingall',
  'returning', 'unconfirmed', 'paused', 'interference', 'left', 'removed', 'ended', 'declined', 'bad_link', 'passcode', 'passcode_wrong', 'passcode_closed', 'no_such_meeting', 'wrong_host_key',
  'other_tab', 'stale_group', 'internal', 'unsupported', 'insecure', 'notfound', 'privacy'];
const wanted = only.length > 0 ? only : SCREENS;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

mkdirSync(out, { recursive: true });
const vite = await createServer({ server: { port: 0, hmr: false, watch: null }, logLevel: 'error' });
await vite.listen();
const base = vite.resolvedUrls.local[0];
const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium', headless: true, pipe: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
});
let violations = 0;
for (const screen of wanted) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.log(screen, String(error)));
  page.on('console', (message) => message.type() === 'error' && console.log(screen, message.text()));
  await page.setViewport({ width: 1280, height: 800 });
  const [name] = screen.split('&');
  await page.goto(`${base}dev/?${screen}`);
  await new Promise((resolve) => setTimeout(resolve, 900));
  if (AFTER[name]) await page.locator(`::-p-aria([name="${AFTER[name]}"][role="button"])`).click();
  if (['settings', 'shortcuts'].includes(name)) {
    await page.locator('::-p-aria([name="More"][role="button"])').click();
    await page.locator(`::-p-text(${name === 'settings' ? 'Sound and camera' : 'Keyboard shortcuts'})`).click();
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  await page.evaluate(axe);
  for (const theme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    for (const [size, [width, height]] of Object.entries(SIZES)) {
      await page.setViewport({ width, height });
      await new Promise((resolve) => setTimeout(resolve, 250));
      await page.screenshot({ path: `${out}/${name}-${size}-${theme}.png` });
      if (size === 'tablet') continue;
      const result = await page.evaluate(() => window.axe.run(document));
      for (const violation of result.violations) {
        violations++;
        console.log(`${name} ${size} ${theme}: ${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 140)).join(' | ')}`);
      }
    }
  }
  await page.close();
}
await browser.close();
await vite.close();
console.log(`${wanted.length} screens, ${violations} axe violations`);
process.exit(violations > 0 ? 1 : 0);
