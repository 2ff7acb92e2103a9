// Stands in for the browser's picker, which a headless browser does not have: what is shared is a canvas and a tone,
// captured, encoded and sent like any screen.
import { SENDERS } from './clips.mjs';

/** Runs in the page before its scripts. `window.display` holds what was shared last. */
function fakeDisplay([r, g, b], hz, silent) {
  if (!navigator.mediaDevices) return;
  navigator.mediaDevices.getDisplayMedia = async (options) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1280, 720];
    const paint = canvas.getContext('2d');
    let frame = 0;
    const draw = () => {
      paint.fillStyle = `rgb(${r},${g},${b})`;
      paint.fillRect(0, 0, 1280, 720);
      paint.fillStyle = '#fff';
      paint.fillRect((frame++ * 40) % 1160, 20, 120, 80);
    };
    draw();
    const timer = setInterval(draw, 100);
    const stream = canvas.captureStream(15);
    const picture = stream.getVideoTracks()[0];
    picture.getSettings = () => ({ displaySurface: 'window' });
    if (!silent) {
      const context = new AudioContext();
      void context.resume();
      const tone = new OscillatorNode(context, { frequency: hz });
      const out = context.createMediaStreamDestination();
      tone.connect(new GainNode(context, { gain: 0.5 })).connect(out);
      tone.start();
      stream.addTrack(out.stream.getAudioTracks()[0]);
    }
    window.display = {
      options, stream,
      /** What the browser's own bar does. */
      end() {
        clearInterval(timer);
        stream.getTracks().forEach((track) => track.stop());
        picture.dispatchEvent(new Event('ended'));
      },
      /** Nothing moves any more. Real screens then come about once a second all the same. */
      pause() {
        clearInterval(timer);
        setInterval(() => paint.drawImage(canvas, 0, 0), 1_000);
      },
    };
    return stream;
  };
}

/** For `host` and `knock`: the page can share a screen of this colour and tone. */
export function sharesScreen(sender, { silent = false } = {}) {
  const { rgb, hz } = SENDERS[sender];
  return [fakeDisplay, rgb, hz, silent];
}
