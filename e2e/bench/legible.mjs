// How legible a shared page of text is when its sender may use only so many bits: every letter that arrives is compared
// with all letters there are, and the picture with the one that was shared.
//   node bench/legible.mjs [KBPS [DETAIL_OR_MOTION]]
import { admit, chromium, click, host, inMeeting, knock, until } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

const kbps = Number(process.argv[2] ?? 500);
const hint = process.argv[3] ?? 'detail';
const SIZES = [14, 18];
const AFTER = [500, 1_000, 2_000, 4_000];
const PAGES = 4;

/** The page of text, drawn alike at both ends: rows of letters in cells. */
function sheet() {
  const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
  const [width, height] = [1920, 1080];
  window.sheet = {
    LETTERS,
    canvas() {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [width, height];
      return canvas;
    },
    cell: (size) => ({ width: Math.round(size * 0.7), height: Math.round(size * 1.5) }),
    letter: (page, row, column) => LETTERS[(page * 7919 + row * 131 + column * 31 + ((row * column) % 17)) % LETTERS.length],
    draw(canvas, page, size) {
      const paint = canvas.getContext('2d', { willReadFrequently: true });
      paint.fillStyle = '#fff';
      paint.fillRect(0, 0, width, height);
      paint.fillStyle = '#1a1a1a';
      paint.font = `${size}px monospace`;
      paint.textBaseline = 'top';
      const cell = this.cell(size);
      for (let row = 0; (row + 3) * cell.height < height; row++) {
        // Words of seven letters with a gap, as text has.
        for (let column = 0; (column + 6) * cell.width < width; column++) {
          if (column % 8 !== 7) paint.fillText(this.letter(page, row, column), (column + 2) * cell.width, (row + 1) * cell.height);
        }
      }
    },
  };
}

/** At the sender: a page that is turned when it is told to. */
function sharedSheet() {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = window.sheet.canvas();
    window.turn = (page, size) => { window.now = [page, size]; };
    window.turn(0, 18);
    setInterval(() => window.sheet.draw(canvas, ...window.now), 100);
    window.sheet.draw(canvas, 0, 18);
    return canvas.captureStream(15);
  };
}

/** Luma of what is shown against what was shared: letters read rightly, PSNR, SSIM in 8×8 blocks. */
function judge(page, size) {
  const { sheet } = window;
  const video = document.querySelector('[aria-label="Anna\'s screen"] video');
  const shot = sheet.canvas();
  shot.getContext('2d', { willReadFrequently: true }).drawImage(video, 0, 0, shot.width, shot.height);
  const wanted = sheet.canvas();
  sheet.draw(wanted, page, size);
  const luma = (canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return Float32Array.from({ length: data.length / 4 }, (_, i) => 0.2126 * data[4 * i] + 0.7152 * data[4 * i + 1] + 0.0722 * data[4 * i + 2]);
  };
  const [got, original] = [luma(shot), luma(wanted)];
  const stride = shot.width;
  let square = 0;
  for (let i = 0; i < got.length; i++) square += (got[i] - original[i]) ** 2;
  const psnr = 10 * Math.log10((255 * 255) / (square / got.length));

  let [ssim, blocks] = [0, 0];
  for (let top = 0; top + 8 <= shot.height; top += 8) {
    for (let left = 0; left + 8 <= stride; left += 8) {
      let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
      for (let y = top; y < top + 8; y++) {
        for (let x = left; x < left + 8; x++) {
          const [p, q] = [got[y * stride + x], original[y * stride + x]];
          a += p; b += q; aa += p * p; bb += q * q; ab += p * q;
        }
      }
      // Blocks without anything on them would only flatter.
      if (bb / 64 - (b / 64) ** 2 < 100) continue;
      const [ma, mb] = [a / 64, b / 64];
      const [va, vb, cov] = [aa / 64 - ma * ma, bb / 64 - mb * mb, ab / 64 - ma * mb];
      ssim += ((2 * ma * mb + 6.5) * (2 * cov + 58.5)) / ((ma * ma + mb * mb + 6.5) * (va + vb + 58.5));
      blocks++;
    }
  }

  const cell = sheet.cell(size);
  const templates = [...sheet.LETTERS].map((letter) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [cell.width, cell.height];
    const paint = canvas.getContext('2d', { willReadFrequently: true });
    paint.fillStyle = '#fff';
    paint.fillRect(0, 0, cell.width, cell.height);
    paint.fillStyle = '#1a1a1a';
    paint.font = `${size}px monospace`;
    paint.textBaseline = 'top';
    paint.fillText(letter, 0, 0);
    return luma(canvas);
  });
  let [right, letters] = [0, 0];
  for (let row = 0; (row + 3) * cell.height < shot.height; row += 3) {
    for (let column = 0; (column + 6) * cell.width < stride; column++) {
      if (column % 8 === 7) continue;
      const [left, top] = [(column + 2) * cell.width, (row + 1) * cell.height];
      let best = { cost: Infinity, index: -1 };
      templates.forEach((template, index) => {
        let cost = 0;
        for (let y = 0; y < cell.height && cost < best.cost; y++) {
          for (let x = 0; x < cell.width; x++) cost += (got[(top + y) * stride + left + x] - template[y * cell.width + x]) ** 2;
        }
        if (cost < best.cost) best = { cost, index };
      });
      letters++;
      if (sheet.LETTERS[best.index] === sheet.letter(page, row, column)) right++;
    }
  }
  return { read: (100 * right) / letters, psnr, ssim: ssim / blocks, width: video.videoWidth };
}

/** Holds the sender's screen below a rate, and returns bytes sent on that line so far. */
const cap = (page, bits) => page.evaluate(async (most) => {
  let bytes = 0;
  for (const connection of window.__connections) {
    for (const sender of connection.getSenders()) {
      if (sender.track?.kind !== 'video' || !['detail', 'motion'].includes(sender.track.contentHint) || sender.track.canvas === undefined) continue;
      const parameters = sender.getParameters();
      if (parameters.encodings.some((encoding) => encoding.maxBitrate !== most)) {
        for (const encoding of parameters.encodings) encoding.maxBitrate = most;
        await sender.setParameters(parameters).catch(() => {});
      }
      for (const stat of (await sender.getStats()).values()) if (stat.type === 'outbound-rtp') bytes += stat.bytesSent;
    }
  }
  return bytes;
}, bits);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const server = await startServer();
const [anna, ben] = await Promise.all([chromium('red'), chromium('green')]);
try {
  const { page: annas, link } = await host(anna, server, 'Anna', `(${sheet})(); (${sharedSheet})();`);
  const bens = await knock(ben, link, 'Ben', sheet);
  await admit(annas, 'Ben');
  await inMeeting(bens);
  await click(annas, 'Share screen');
  if (hint === 'motion') await click(annas, 'Smooth motion');
  await until(bens, 'the screen is shown', () => document.querySelector('[aria-label="Anna\'s screen"] video')?.videoWidth > 0);
  for (let i = 0; i < 8; i++) {
    await cap(annas, kbps * 1_000);
    await pause(500);
  }
  console.log(`a page of text, 1920×1080, new every ${AFTER.at(-1) / 1000} s, sender at most ${kbps} kbps, ${hint}; median of ${PAGES} pages`);
  console.log('| letters | after | read rightly | SSIM of text | PSNR | width | sent |\n|---|---|---|---|---|---|---|');
  const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  for (const size of SIZES) {
    const rows = AFTER.map(() => []);
    const from = await cap(annas, kbps * 1_000);
    const since = Date.now();
    for (let page = 1; page <= PAGES; page++) {
      await annas.evaluate((...now) => window.turn(...now), page, size);
      const turned = Date.now();
      for (const [i, after] of AFTER.entries()) {
        await pause(Math.max(0, turned + after - Date.now()));
        rows[i].push(await bens.evaluate(judge, page, size));
      }
    }
    const rate = ((await cap(annas, kbps * 1_000)) - from) * 8 / (Date.now() - since);
    for (const [i, after] of AFTER.entries()) {
      const of = (key) => median(rows[i].map((row) => row[key]));
      console.log(`| ${size} px | ${after / 1000} s | ${of('read').toFixed(1)} % | ${of('ssim').toFixed(3)} | ${of('psnr').toFixed(1)} dB | ${of('width')} | ${rate.toFixed(0)} kbps |`);
    }
  }
} finally {
  await Promise.allSettled([anna, ben].map((p) => p.browser.close()));
  await server.stop();
}
