// What faults of the machine do to a call: `node e2e/bench/faults.mjs [seconds] [names…]`, each lasting so long, one after another,
// while two people talk in browsers. With FIRST=1 (root only) server, host and browsers come before all who come, as if those had machines of their own:
// for a crowd that comes once; one that comes and goes for minutes would starve.
// Prints a table: the longest time without a packet in the fault and after it (ms), the most sound made up in a row, and how long after
// its end (ms; negative: before it) somebody who came in the middle of it was in.
import { CROWDS, FAULTS } from '../lib/faults.mjs';
import { fragileCall, suffer } from '../lib/suffer.mjs';

const seconds = Number(process.argv[2] ?? 300);
const wanted = process.argv.slice(3);
const call = await fragileCall();
if (process.env.FIRST && !call.putFirst()) throw new Error('FIRST takes root');
try {
  const rows = [];
  for (const [name, fault] of Object.entries({ ...FAULTS, ...CROWDS })) {
    if (wanted.length && !wanted.includes(name)) continue;
    const why = call.lacks(name);
    if (why) {
      console.log(`${name}: left out, ${why}`);
      continue;
    }
    const lasts = name === 'server stopped' ? Math.min(seconds, 10) : seconds;
    rows.push({ fault: name, ...await suffer(call, fault, lasts) });
    console.log(JSON.stringify(rows.at(-1)));
  }
  console.table(rows);
} finally {
  await call.end();
}
