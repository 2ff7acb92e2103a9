// People in real browsers, acting through the accessible names of the user interface.
import puppeteer from 'puppeteer-core';
import { SENDERS, cameraFile, microphoneFile } from './clips.mjs';
import { watch } from './probes.mjs';

const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--mute-audio',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-features=Translate,MediaRouter', '--autoplay-policy=user-gesture-required'];

/** A Chromium whose camera shows `sender`'s colour and whose microphone hears its tone. */
export async function chromium(sender, { args = [], executablePath = '/usr/bin/chromium', devices = true, ...options } = {}) {
  const media = devices
    ? ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${cameraFile(sender)}`,
      `--use-file-for-fake-audio-capture=${microphoneFile(sender)}`]
    : [];
  const browser = await puppeteer.launch({
    executablePath, headless: true, pipe: true, args: [...QUIET, ...media, ...args], ...options,
  });
  return { browser, sender, kind: 'chromium' };
}

/** A Firefox with its fake tone; the camera's colour comes from a canvas track. */
export async function firefox(sender) {
  const browser = await puppeteer.launch({
    browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.peerconnection.ice.loopback': true,
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'media.autoplay.block-webaudio': false,
      'media.navigator.audio.fake_frequency': SENDERS[sender].hz,
      'app.update.disabledForTesting': true,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
    },
  });
  return { browser, sender, kind: 'firefox' };
}

/** Opens a page and records what it asks of the network. */
export async function newPage(person, { width = 1280, height = 800 } = {}) {
  const page = await person.browser.newPage();
  await page.setViewport({ width, height });
  page.setDefaultTimeout(30_000);
  page.requests = [];
  page.problems = [];
  page.on('request', (request) => page.requests.push(request.url()));
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.problems.push(message.text());
  });
  if (person.kind === 'firefox') {
    await page.evaluateOnNewDocument(canvasCamera, SENDERS[person.sender].rgb);
  }
  await page.evaluateOnNewDocument(watch);
  return page;
}

function canvasCamera([r, g, b]) {
  if (!navigator.mediaDevices) return;
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await real(constraints);
    const fake = stream.getVideoTracks()[0];
    if (!fake) return stream;
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 360;
    const paint = canvas.getContext('2d');
    let frame = 0;
    setInterval(() => {
      paint.fillStyle = `rgb(${r},${g},${b})`;
      paint.fillRect(0, 0, 640, 360);
      paint.fillStyle = '#fff';
      paint.fillRect((frame++ * 10) % 580, 10, 60, 40);
    }, 66);
    const track = canvas.captureStream(15).getVideoTracks()[0];
    fake.stop();
    stream.removeTrack(fake);
    stream.addTrack(track);
    return stream;
  };
}

const aria = (name, role) => `::-p-aria([name="${name}"][role="${role}"])`;

/** The element with this accessible name and role. */
export const by = (page, role, name) => page.locator(aria(name, role));

/**
 * Locators wait for animation frames, which a busy headless browser may withhold for long. So after half the time
 * the control is clicked by the mouse wherever it then is; a control that is not there is an error all the same.
 */
export async function click(page, name, role = 'button') {
  try {
    return await by(page, role, name).setTimeout(15_000).click();
  } catch (error) {
    for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
      const control = await page.$(aria(name, role)).catch(() => null);
      if (!control || !(await control.isVisible())) continue;
      console.log(`clicked without a locator: ${await page.evaluate(seen, name)}`);
      return control.click();
    }
    throw new Error(`${role} "${name}" was not clicked (${error.message})\n${await page.evaluate(seen, name).catch(() => '(no page)')}`, { cause: error });
  }
}

/** What stands where a control should, for whoever reads why it was not clicked. */
async function seen(name) {
  const frame = await Promise.race([new Promise((resolve) => requestAnimationFrame(() => resolve('frames are drawn'))),
    new Promise((resolve) => setTimeout(resolve, 2_000, 'no frame is drawn'))]);
  const named = [...document.querySelectorAll('button, [role], input')].filter((element) =>
    element.getAttribute('aria-label') === name || element.textContent.trim() === name);
  const lines = named.map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const top = document.elementFromPoint(x + width / 2, y + height / 2);
    return `${element.outerHTML.slice(0, 300)} at ${x},${y} ${width}x${height}, ${element.contains(top) ? 'on top' : `under ${top?.outerHTML.slice(0, 120)}`}`;
  });
  return `--- ${frame}; so named: ${lines.join('\n') || 'nothing'}\n--- the page reads:\n${document.body?.innerText}`;
}

/** Waits until a predicate in the page holds; says which one when it never does. */
export async function until(page, what, predicate, ...args) {
  const limit = page.limit ?? 30_000;
  try {
    await acrossNavigations(() => page.waitForFunction(predicate, { timeout: limit, polling: 100 }, ...args));
  } catch (error) {
    const text = await page.evaluate(() => document.body?.innerText).catch(() => '(no page)');
    throw new Error(`${what}: not within ${limit} ms (${error.message})\n--- the page reads:\n${text}\n--- problems: ${page.problems.join('\n')}`);
  }
}

/** Tries again what a navigation, or a network that has just come up, interrupted. */
async function acrossNavigations(action) {
  for (let tries = 0; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (tries === 5 || !/context|detached|ERR_NETWORK_CHANGED/i.test(error.message)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

export const reads = (page, words) =>
  until(page, `the page should read "${words}"`, (w) => document.body?.innerText.includes(w), words);

/** Through the permission screen, where the browser has one, then a name. */
async function prepare(page, name) {
  await until(page, 'the page before joining', () => document.querySelector('[data-testid=allow-devices], input'));
  const allow = await page.$('[data-testid=allow-devices]');
  if (allow) await allow.click();
  await acrossNavigations(() => by(page, 'textbox', 'Your name').fill(name));
}

/** A host opens a new meeting; returns its page and the invite link. `before` as with `knock`. */
export async function host(person, server, name, ...before) {
  const page = await newPage(person);
  if (before.length > 0) await page.evaluateOnNewDocument(...before);
  await acrossNavigations(() => page.goto(server.url));
  await click(page, 'New meeting');
  await acrossNavigations(() => page.waitForFunction(() => location.pathname.startsWith('/m/')));
  await prepare(page, name);
  await click(page, 'Start meeting');
  await by(page, 'toolbar', 'Call controls').wait();
  const link = await inviteLink(page);
  return { page, link };
}

/** The link that **Copy invite link** copies. */
export async function inviteLink(page) {
  await page.evaluate(() => {
    navigator.clipboard.writeText = async (text) => { window.copied = text; };
  });
  await click(page, 'Copy invite link');
  await until(page, 'the link should be copied', () => Boolean(window.copied));
  return page.evaluate(() => window.copied);
}

/** A guest opens the link and asks to join; `before`, a function and its arguments, runs in the page before its scripts. */
export async function knock(person, link, name, ...before) {
  const page = await newPage(person);
  if (before.length > 0) await page.evaluateOnNewDocument(...before);
  await acrossNavigations(() => page.goto(link));
  await prepare(page, name);
  await click(page, 'Ask to join');
  return page;
}

/** The panel may be open already: admitting somebody opens it where no notice offers that. */
export async function openParticipants(page) {
  if (!(await page.$('::-p-aria([name="Participants"][role="region"])'))) await click(page, 'Participants');
}

export async function admit(page, name) {
  const button = by(page, 'button', `Admit ${name}`);
  if (!(await page.$(`::-p-aria([name="Admit ${name}"][role="button"])`))) {
    await openParticipants(page);
  }
  await button.click();
}

export const inMeeting = (page) => until(page, 'the call controls', () => document.querySelector('[role=toolbar][aria-label="Call controls"]'));
