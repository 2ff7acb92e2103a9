// The page's own quiet sounds, and the context that the first tap unlocks.

let context: AudioContext | null | undefined;

export function audioContext(): AudioContext | null {
  if (context === undefined) {
    context = typeof AudioContext === 'undefined' ? null : new AudioContext();
    for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, unlockSound, { once: true });
  }
  return context;
}

/** Call from a tap: phones allow sound only after one. */
export const unlockSound = () => void audioContext()?.resume().catch(() => {});

/** Let in: a rising third. */
export const chime = () => play([[523.25, 0], [659.25, 0.16]]);

/** Someone knocks: two soft notes. */
export const knockSound = () => play([[392, 0], [440, 0.22]]);

function play(notes: [hertz: number, after: number][]) {
  const ear = audioContext();
  if (ear?.state !== 'running') return;
  for (const [hertz, after] of notes) softNote(ear, hertz, ear.currentTime + after);
}

function softNote(ear: AudioContext, hertz: number, at: number) {
  const tone = new OscillatorNode(ear, { type: 'sine', frequency: hertz });
  const volume = new GainNode(ear, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.09, at + 0.03);
  volume.gain.exponentialRampToValueAtTime(0.0005, at + 0.7);
  tone.connect(volume).connect(ear.destination);
  tone.start(at);
  tone.stop(at + 0.75);
}
