// How long the steps of a first minute take, in real Chromium on loopback:
// knock click → the host can press Admit; Admit click → first decoded remote frame at the guest;
// reload → seen again; server killed and restarted → seen again.
import { by, chromium, click, host, inMeeting, newPage } from '../lib/people.mjs';
import { seesMoving } from '../lib/probes.mjs';
import { startServer } from '../lib/server.mjs';

const rounds = Number(process.argv[2] ?? 10);
const figures = {};
const note = (what, ms) => (figures[what] ??= []).push(Math.round(ms));

/** Resolves with the page's clock (Unix ms) when a selector first matches. */
const appears = (page, selector) => page.evaluate((wanted) => new Promise((resolve) => {
  const look = () => {
    if (document.querySelector(wanted)) resolve(performance.timeOrigin + performance.now());
    else requestAnimationFrame(look);
  };
  look();
}), selector);

/** Resolves with the page's clock when a remote picture has decoded its first frame and is shown. */
const firstFrame = (page, name) => page.evaluate((tileName) => new Promise((resolve) => {
  const look = () => {
    const tile = [...document.querySelectorAll('[role=group]')].find((g) => g.getAttribute('aria-label') === tileName);
    const video = tile && [...tile.querySelectorAll('video')].find((v) => v.videoWidth > 0
      && getComputedStyle(v).visibility === 'visible' && getComputedStyle(v).opacity > 0.1);
    if (video) resolve(performance.timeOrigin + performance.now());
    else setTimeout(look, 5);
  };
  look();
}), name);

const clicked = async (page, selector) => page.evaluate((wanted) => {
  const button = document.querySelector(wanted);
  const at = performance.timeOrigin + performance.now();
  button.click();
  return at;
}, selector);

const server = await startServer();
const [anna, ben] = await Promise.all([chromium('red'), chromium('green')]);
try {
  const { page: annas, link } = await host(anna, server, 'Anna');
  await click(annas, 'Participants');
  let bens;
  for (let round = 0; round < rounds; round++) {
    const name = `Ben ${round}`;
    bens = await newPage(ben);
    await bens.goto(link);
    const allow = await bens.waitForSelector('[data-testid=allow-devices], input').then((h) => h);
    if (await allow.evaluate((e) => e.tagName === 'BUTTON')) await allow.click();
    await by(bens, 'textbox', 'Your name').fill(name);
    const button = await by(bens, 'button', 'Ask to join').waitHandle();
    const admitSelector = `[aria-label="Admit ${name}"]`;
    const seen = appears(annas, admitSelector);
    const knockedAt = await button.evaluate((b) => { const at = performance.timeOrigin + performance.now(); b.click(); return at; });
    note('knock click to Admit shown', (await seen) - knockedAt);
    const frame = firstFrame(bens, 'Anna');
    const admittedAt = await clicked(annas, admitSelector);
    note('Admit click to first remote frame', (await frame) - admittedAt);
    if (round < rounds - 1) {
      await click(bens, 'Leave');
      await new Promise((resolve) => setTimeout(resolve, 500));
      await bens.close();
    }
  }
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    let since = Date.now();
    await bens.reload();
    await inMeeting(bens);
    await seesMoving(bens, 'Anna', 'red');
    note('guest reload to moving picture', Date.now() - since);
    since = Date.now();
    await annas.reload();
    await inMeeting(annas);
    await seesMoving(annas, `Ben ${rounds - 1}`, 'green');
    note('host reload to moving picture', Date.now() - since);
    await server.kill();
    await server.restart();
    since = Date.now();
    await Promise.all([seesMoving(annas, `Ben ${rounds - 1}`, 'green'), seesMoving(bens, 'Anna', 'red')]);
    note('server restarted to moving pictures', Date.now() - since);
  }
} finally {
  await Promise.allSettled([anna, ben].map((p) => p.browser.close()));
  await server.stop();
}

const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)];
console.log('| step | n | median ms | p95 ms |\n|---|---|---|---|');
for (const [what, list] of Object.entries(figures)) {
  const sorted = [...list].sort((a, b) => a - b);
  console.log(`| ${what} | ${sorted.length} | ${percentile(sorted, 0.5)} | ${percentile(sorted, 0.95)} |`);
}
