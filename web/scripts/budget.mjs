// Checks what a visitor downloads, brotli-compressed, against the budgets; fails when one is over.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const BUDGETS = { lobby: 60, room: 120, wasm: 350, font: 40 };
const dist = new URL('../dist/', import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));
const assets = readdirSync(join(dist, 'assets'));

const size = (file) => {
  const bytes = readFileSync(join(dist, file));
  if (file.endsWith('.woff2')) return bytes.length;
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
};

/** The files of a chunk and all it imports statically. */
function closure(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const css of chunk.css ?? []) seen.add(css);
  for (const next of chunk.imports ?? []) closure(next, seen);
  return seen;
}

const matching = (pattern) => assets.filter((file) => pattern.test(file)).map((file) => `assets/${file}`);
const workers = matching(/^index-.*\.js$/).filter((file) => !Object.values(manifest).some((chunk) => chunk.file === file));
const lobby = new Set([...closure('index.html'), 'index.html', 'early.js', ...workers]);
const room = new Set([...closure('src/ui/room/room.tsx')].filter((file) => !lobby.has(file)));
const groups = {
  lobby: [...lobby], room: [...room], wasm: matching(/\.wasm$/), font: matching(/\.woff2$/),
};

let over = false;
for (const [name, files] of Object.entries(groups)) {
  const total = files.reduce((sum, file) => sum + size(file), 0) / 1000;
  const missing = files.length === 0;
  if (total > BUDGETS[name] || missing) over = true;
  console.log(`${name.padEnd(6)} ${total.toFixed(1).padStart(6)} kB of ${BUDGETS[name]}${missing ? '  (no files found)' : total > BUDGETS[name] ? '  OVER' : ''}`);
  if (process.argv.includes('--files')) for (const file of files) console.log(`         ${(size(file) / 1000).toFixed(1).padStart(6)}  ${file}`);
}
process.exit(over ? 1 : 0);
