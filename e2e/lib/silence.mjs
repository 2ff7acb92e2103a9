// How long people hear nothing, measured in their browsers.

/**
 * Runs in the page. `__longest` says, since `__listen`, in ms: for how long a sound that was coming brought no packet, one that has not
 * come back included; and the most in a row that the browser had to make up or leave silent before the line sounded again
 * (looked at every 40 ms). A line sounds when packets come and it plays what is not made up: packets alone may be noise that nobody can decrypt.
 * What is never heard again on its line has ended; `AGAIN` bounds what still counts as the same sound, in ms. The first is as coarse as the page is busy;
 * the second is what people hear.
 */
function watchSound() {
  const AGAIN = 5_000;
  let last = new Map();
  let longest = { packets: 0, heard: 0 };
  let begun = performance.now();
  window.__listen = () => { last = new Map(); longest = { packets: 0, heard: 0 }; begun = performance.now(); };
  // A page that has heard nothing at all since then counts, too.
  window.__longest = () => {
    const came = [...last.values()].map(({ at }) => at).filter((at) => at !== null);
    return { ...longest, packets: Math.max(longest.packets, ...(came.length ? came : [begun]).map((at) => performance.now() - at)) };
  };
  // Both in ms: a page that is too busy to play makes nothing up either, so what was played tells them apart.
  const concealed = (stat) => (stat.concealedSamples ?? 0) / 48;
  const played = (stat) => (stat.totalSamplesReceived ?? 0) / 48 - concealed(stat);
  setInterval(async () => {
    const connection = window.__connections.at(-1);
    if (!connection) return;
    const heard = last;
    for (const stat of (await connection.getStats()).values()) {
      if (stat.type !== 'inbound-rtp' || stat.kind !== 'audio') continue;
      const before = heard.get(stat.ssrc);
      const [made, real] = [concealed(stat), played(stat)];
      const sounds = before && real > before.real && stat.packetsReceived > before.packets;
      // Where some was played and some made up, the one may have come before or after the other: both may end one run and begin the next.
      const more = before ? made - before.made : 0;
      const run = (before?.run ?? 0) + more;
      if (sounds && run <= AGAIN && heard === last) longest.heard = Math.max(longest.heard, run);
      if (before?.packets === stat.packetsReceived) {
        heard.set(stat.ssrc, { ...before, made, real, run });
        continue;
      }
      const now = performance.now();
      if (before && before.at !== null && heard === last) longest.packets = Math.max(longest.packets, now - before.at);
      heard.set(stat.ssrc, { packets: stat.packetsReceived, at: before ? now : null, made, real, run: sounds ? more : run });
    }
  }, 40);
}

/** Begins to watch in each of these pages. */
export const watchSilence = (pages) => Promise.all(pages.map((page) => page.evaluate(watchSound)));

/** Forgets what was measured so far. */
export const listen = (pages) => Promise.all(pages.map((page) => page.evaluate(() => window.__listen())));

const most = async (pages, part) =>
  Math.round(Math.max(...await Promise.all(pages.map((page) => page.evaluate((name) => window.__longest()[name], part)))));

/** The longest time without a packet since, of all of them, in ms. */
export const longestSilence = (pages) => most(pages, 'packets');

/** The longest that one of them had to make up sound, in ms. */
export const longestMadeUp = (pages) => most(pages, 'heard');
