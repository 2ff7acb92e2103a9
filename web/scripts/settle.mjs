// Puts the page that was just built in the place of the last one. Files with the same bytes stay as they are: whatever
// depends on their time, the server that embeds them above all, is then not built again.
import { cpSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const fresh = new URL('../node_modules/.page/', import.meta.url).pathname;
const dist = new URL('../dist/', import.meta.url).pathname;

const files = (directory) => (existsSync(directory) ? readdirSync(directory, { recursive: true, withFileTypes: true }) : [])
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(directory.length));
const same = (file) => existsSync(dist + file) && readFileSync(dist + file).equals(readFileSync(fresh + file));

const built = files(fresh);
for (const file of files(dist)) if (!built.includes(file)) rmSync(dist + file);
for (const file of built) if (!same(file)) cpSync(fresh + file, dist + file);
rmSync(fresh, { recursive: true });
