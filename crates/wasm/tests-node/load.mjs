// Loads the built modules from web/src/wasm, as a worker would.

import { readFile } from 'node:fs/promises';

export const [MIC, CAMERA, SCREEN, SCREEN_AUDIO] = [0, 1, 2, 3];

const built = (file) => new URL(`../../../web/src/wasm/${file}`, import.meta.url);

async function load(name) {
  const module = await import(built(`${name}.js`).href);
  await module.default({ module_or_path: await readFile(built(`${name}_bg.wasm`)) });
  return module;
}

export const loadFrames = () => load('incamera_frames');
export const loadCore = () => load('incamera_wasm');
