// Loads the built modules from web/src/wasm, as a worker would.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const [MIC, CAMERA, SCREEN, SCREEN_AUDIO] = [0, 1, 2, 3];

const BUILT = fileURLToPath(new URL('../../../web/src/wasm', import.meta.url));

export async function load(name, directory = BUILT) {
  const module = await import(pathToFileURL(join(directory, `${name}.js`)).href);
  await module.default({ module_or_path: await readFile(join(directory, `${name}_bg.wasm`)) });
  return module;
}

export const loadFrames = () => load('incamera_frames');
export const loadCore = () => load('incamera_wasm');
