// The machine fails under a call: people hear each other on, and whoever comes meanwhile is in soon after it works again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FAULTS } from '../lib/faults.mjs';
import { fragileCall, suffer } from '../lib/suffer.mjs';

/** Ten times what nobody should notice, and what is allowed for coming back, in ms. */
const SILENCE = 2_000;
const BACK = 10_000;
const LASTS = 4;

let call;
before(async () => { call = await fragileCall(); });
after(async () => {
  const code = await call?.end();
  if (call) assert.equal(code, 0, call.server.log);
});

for (const [name, fault] of Object.entries(FAULTS)) {
  test(name, async (t) => {
    const why = call.lacks(name);
    if (why) return t.skip(why);
    const { during, after: afterwards, entered } = await suffer(call, fault, LASTS);
    // A server that stands still forwards nothing.
    if (name !== 'server stopped') assert.ok(during < SILENCE, `${during} ms of silence`);
    assert.ok(afterwards > 0 && afterwards < SILENCE, `${afterwards} ms of silence afterwards`);
    assert.ok(entered !== null && entered < BACK, `in ${entered} ms after it was over`);
    t.diagnostic(`silence ${during} ms, then ${afterwards} ms; in ${entered} ms after the end`);
  });
}
