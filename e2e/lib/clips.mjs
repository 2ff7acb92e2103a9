// Fake cameras and microphones: each sender has its own colour, a moving pattern and a tone.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'incamera', 'clips-2');

/** Senders that tests tell apart: picture colour (RGB) and tone (Hz). */
export const SENDERS = {
  red: { rgb: [200, 40, 40], hz: 440 },
  green: { rgb: [30, 160, 60], hz: 660 },
  blue: { rgb: [40, 70, 200], hz: 880 },
  yellow: { rgb: [210, 190, 30], hz: 1100 },
};

const hex = (rgb) => '0x' + rgb.map((c) => c.toString(16).padStart(2, '0')).join('');

/** A 640x360, 15 fps, 4 s MJPEG of the sender's colour with a white block moving along the top. */
export function cameraFile(name) {
  return made(`${name}.mjpeg`, (out) => {
    const { rgb } = SENDERS[name];
    run(['-f', 'lavfi', '-i', `color=${hex(rgb)}:s=640x360:r=15:d=4`,
      '-f', 'lavfi', '-i', 'color=white:s=60x40:r=15:d=4',
      '-filter_complex', "[0][1]overlay=x='mod(n*10\\,580)':y=10", '-q:v', '3', '-f', 'mjpeg', out]);
  });
}

/** A 10 s WAV of the sender's tone. */
export function microphoneFile(name) {
  return made(`${name}.wav`, (out) => {
    run(['-f', 'lavfi', '-i', `sine=frequency=${SENDERS[name].hz}:sample_rate=48000:duration=10`,
      '-af', 'volume=2', '-ac', '1', '-f', 'wav', out]);
  });
}

/** The same as VP8 in IVF and Opus in Ogg, for headless participants. */
export function headlessFiles(name) {
  const { rgb, hz } = SENDERS[name];
  const video = made(`${name}.ivf`, (out) => {
    run(['-f', 'lavfi', '-i', `color=${hex(rgb)}:s=640x360:r=15:d=4`,
      '-f', 'lavfi', '-i', 'color=white:s=60x40:r=15:d=4',
      '-filter_complex', "[0][1]overlay=x='mod(n*10\\,580)':y=10",
      '-c:v', 'libvpx', '-b:v', '400k', '-g', '15', '-deadline', 'realtime', '-f', 'ivf', out]);
  });
  const audio = made(`${name}.ogg`, (out) => {
    run(['-f', 'lavfi', '-i', `sine=frequency=${hz}:sample_rate=48000:duration=10`,
      '-af', 'volume=2', '-ac', '1', '-c:a', 'libopus', '-b:a', '32k', '-frame_duration', '20', '-f', 'ogg', out]);
  });
  return { video, audio };
}

function made(file, make) {
  const path = join(cache, file);
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true });
    const partial = `${path}.${process.pid}.part`;
    make(partial);
    renameSync(partial, path);
  }
  return path;
}

function run(args) {
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
}
