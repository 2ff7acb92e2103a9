// What axe finds, in both themes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Nothing for axe to find in the page as it is; `where` says what that is. The theme stays dark. */
export async function accessible(page, where) {
  await page.evaluate(axe);
  for (const theme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    await page.evaluate(settled);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [], `${where}, ${theme}`);
  }
}

/** Colours fade over to another theme, and dialogs fade in. */
async function settled() {
  const ends = (animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
  for (;;) {
    const running = document.getAnimations().filter((animation) => ends(animation) && animation.playState === 'running');
    if (running.length === 0) return;
    await Promise.allSettled(running.map((animation) => animation.finished));
  }
}
