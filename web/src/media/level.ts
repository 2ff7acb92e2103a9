import { createSignal, onCleanup, createEffect, type Accessor } from 'solid-js';
import { audioContext } from './sounds';

/** How loud a track is, 0 to 1, ten times a second; 0 without a track. */
export function createLevel(track: Accessor<MediaStreamTrack | null>): Accessor<number> {
  const [level, setLevel] = createSignal(0);
  createEffect(() => {
    const current = track();
    setLevel(0);
    const context = current && audioContext();
    if (!current || !context) return;
    const source = context.createMediaStreamSource(new MediaStream([current]));
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      setLevel(loudness(samples));
    }, 100);
    onCleanup(() => {
      clearInterval(timer);
      source.disconnect();
    });
  });
  return level;
}

/** Root mean square on a scale of −60 to −12 dB. */
export function loudness(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibel = 10 * Math.log10(power + 1e-9);
  return Math.min(1, Math.max(0, (decibel + 60) / 48));
}
