// What MLS commits cost in WebAssembly, in groups of 10 to 1,000: builds the bench, then
// `node crates/wasm/tests-node/mls-bench.mjs`.

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from './load.mjs';

const out = mkdtempSync(join(tmpdir(), 'mls-bench-'));
execFileSync(new URL('../../../scripts/build-wasm.sh', import.meta.url).pathname, ['mls_bench', out], { stdio: 'inherit' });
const { measure } = await load('mls_bench', out);
measure();
