// Many people knock at once, and one click lets all of them in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { letIn } from '../lib/crowd.mjs';
import { chromium, host, openParticipants } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

let server, anna;
before(async () => {
  server = await startServer();
  anna = await chromium('red');
});
after(async () => {
  await anna?.browser.close();
  await server?.stop();
});

test('forty who knock within two seconds from one address are let in by one click', async () => {
  const { page, link } = await host(anna, server, 'Anna');
  page.limit = 90_000;
  await openParticipants(page);
  const { report, toFrame } = await letIn({ server, page, link, count: 40, within: 2 });
  assert.deepEqual(report.problems, []);
  assert.equal(report.joins.joined, 40);
  assert.equal(toFrame.n, 40, 'everyone sees or hears the host');
  assert.ok(toFrame.p95 < 30_000, `95 % saw or heard the host within ${toFrame.p95} ms`);
  assert.deepEqual(page.problems, []);
});
