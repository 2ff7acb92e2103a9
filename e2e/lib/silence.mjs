// How long people hear nothing, measured in their browsers.

/**
 * Runs in the page: the longest time in which a sound that was coming brought no packet, one that has not come back
 * included. `__listen` begins anew, `__longest` says it in ms.
 */
function watchSound() {
  let last = new Map();
  let longest = 0;
  window.__listen = () => { last = new Map(); longest = 0; };
  window.__longest = () => Math.max(longest, ...[...last.values()].map(({ at }) => (at === null ? 0 : performance.now() - at)));
  setInterval(async () => {
    const connection = window.__connections.at(-1);
    if (!connection) return;
    const heard = last;
    for (const stat of (await connection.getStats()).values()) {
      if (stat.type !== 'inbound-rtp' || stat.kind !== 'audio') continue;
      const before = heard.get(stat.ssrc);
      if (before?.packets === stat.packetsReceived) continue;
      const now = performance.now();
      if (before && before.at !== null && heard === last) longest = Math.max(longest, now - before.at);
      heard.set(stat.ssrc, { packets: stat.packetsReceived, at: before ? now : null });
    }
  }, 40);
}

/** Begins to watch in each of these pages. */
export const watchSilence = (pages) => Promise.all(pages.map((page) => page.evaluate(watchSound)));

/** Forgets what was measured so far. */
export const listen = (pages) => Promise.all(pages.map((page) => page.evaluate(() => window.__listen())));

/** The longest silence since, of all of them, in ms. */
export const longestSilence = async (pages) =>
  Math.round(Math.max(...await Promise.all(pages.map((page) => page.evaluate(() => window.__longest())))));
