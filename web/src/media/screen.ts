// This person's shared screen: asking the browser for one, what matters in its picture, and how it ends.

import { batch, createSignal, type Accessor } from 'solid-js';
import type { ScreenHint } from './codecs';

/** What was picked, as far as the browser says. */
export type Surface = 'monitor' | 'window' | 'browser' | null;

/** Why nothing is shared: the person thought better of it, the system does not let the browser, or something else. */
export type NotShared = 'cancelled' | 'system' | 'failed';

/** Phones and some browsers cannot. */
export const canShareScreen = (): boolean =>
  typeof navigator !== 'undefined' && typeof navigator.mediaDevices?.getDisplayMedia === 'function';

export class ScreenCapture {
  private readonly video = createSignal<MediaStreamTrack | null>(null);
  private readonly audio = createSignal<MediaStreamTrack | null>(null);
  private readonly wanted = createSignal<ScreenHint>('detail');
  /** Called when the browser or the system has ended it. */
  onEnded: () => void = () => {};

  readonly picture: Accessor<MediaStreamTrack | null> = this.video[0];
  /** Null where the browser, the system or the person gives none. */
  readonly sound: Accessor<MediaStreamTrack | null> = this.audio[0];
  readonly hint: Accessor<ScreenHint> = this.wanted[0];
  readonly surface = (): Surface => {
    const settings = this.picture()?.getSettings() as { displaySurface?: Surface } | undefined;
    return settings?.displaySurface ?? null;
  };

  /** From a tap; resolves to null when something is shared. */
  async start(): Promise<NotShared | null> {
    let stream: MediaStream;
    try {
      stream = await ask();
    } catch (error) {
      return reasonOf(error);
    }
    const picture = stream.getVideoTracks()[0];
    if (!picture) return 'failed';
    this.stop();
    this.take(picture, stream.getAudioTracks()[0] ?? null);
    return null;
  }

  stop(): void {
    for (const [track, set] of [this.video, this.audio]) {
      track()?.stop();
      set(null);
    }
  }

  /** Sharp letters or smooth movement; may change while sharing. */
  setHint(hint: ScreenHint): void {
    this.wanted[1](hint);
    const track = this.picture();
    if (track) shape(track, hint);
  }

  private take(picture: MediaStreamTrack, sound: MediaStreamTrack | null) {
    shape(picture, this.hint());
    picture.onended = () => {
      if (this.picture() !== picture) return;
      this.stop();
      this.onEnded();
    };
    if (sound) sound.onended = () => this.sound() === sound && this.audio[1](null);
    batch(() => {
      this.video[1](picture);
      this.audio[1](sound);
    });
  }
}

/** A system whose sound cannot be had fails the whole request; the picture alone is then asked for. */
async function ask(): Promise<MediaStream> {
  const options = displayOptions(navigator.mediaDevices.getSupportedConstraints());
  try {
    return await navigator.mediaDevices.getDisplayMedia(options);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'NotReadableError') throw error;
    return navigator.mediaDevices.getDisplayMedia({ ...options, audio: false });
  }
}

/** Larger than this costs more than it shows, and what is smaller is never made larger. */
const SIZE = { width: { max: 2560 }, height: { max: 1600 } };
const RATE: Record<ScreenHint, number> = { detail: 15, motion: 30 };

function shape(track: MediaStreamTrack, hint: ScreenHint) {
  track.contentHint = hint;
  void track.applyConstraints({ ...SIZE, frameRate: { max: RATE[hint] } }).catch(() => {});
}

/**
 * The sound of the whole system holds the voices of this meeting too: it is asked for only where the browser can leave
 * this page's own sound out. What a browser does not know of these wishes it ignores.
 */
export function displayOptions(supported: MediaTrackSupportedConstraints): DisplayMediaStreamOptions {
  const known = supported as Record<string, boolean | undefined>;
  const audio = {
    echoCancellation: false, noiseSuppression: false, autoGainControl: false,
    ...(known['restrictOwnAudio'] ? { restrictOwnAudio: true } : {}),
    // Whoever shares a film wants to hear it as well.
    ...(known['suppressLocalAudioPlayback'] ? { suppressLocalAudioPlayback: false } : {}),
  };
  const wishes = {
    video: { ...SIZE, frameRate: { max: RATE.motion } }, audio,
    systemAudio: known['restrictOwnAudio'] ? 'include' : 'exclude',
    selfBrowserSurface: 'exclude', surfaceSwitching: 'include', monitorTypeSurfaces: 'include',
  };
  return wishes;
}

function reasonOf(error: unknown): NotShared {
  const { name = '', message = '' } = error instanceof Error ? error : {};
  if (name === 'NotAllowedError') return /system/i.test(message) ? 'system' : 'cancelled';
  return name === 'InvalidStateError' || name === 'AbortError' ? 'cancelled' : 'failed';
}
