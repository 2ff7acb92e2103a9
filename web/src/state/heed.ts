// What the host's side asks of this person: done at once where it makes things quieter, asked where it
// would make them heard or seen. Nobody is ever unmuted by another.

import { createEffect, createSignal, on, type Accessor } from 'solid-js';
import type { Capture } from '../media/capture';
import { announce } from './announce';
import type { Notice, View } from './core';
import { t } from './i18n';
import { watches } from './rights';
import type { Sharing } from './sharing';

export type Asked = 'unmute' | 'video' | null;

export interface Heed {
  heed(notice: Notice): void;
  /** What the host asks for and this person has not answered. */
  asked: Accessor<Asked>;
  answer(yes: boolean): void;
}

export function createHeed(view: View, capture: Capture, sharing: Pick<Sharing, 'stopped'>): Heed {
  const [asked, setAsked] = createSignal<Asked>(null);

  const quieten = (device: 'microphone' | 'camera', words: string) => {
    const isOn = device === 'microphone' ? capture.microphoneOn() : capture.cameraOn();
    if (!isOn) return;
    void (device === 'microphone' ? capture.setMicrophone(false) : capture.setCamera(false));
    announce(t(words), 'shown');
  };
  const quiet: Partial<Record<Notice, () => void>> = {
    mute: () => quieten('microphone', 'host-muted-you'),
    join_muted: () => quieten('microphone', 'joined-muted'),
    stop_video: () => quieten('camera', 'host-stopped-video'),
    join_camera_off: () => quieten('camera', 'joined-camera-off'),
    stop_sharing: () => sharing.stopped(),
    hand_lowered: () => announce(t('host-lowered-hand'), 'shown'),
    asked_to_unmute: () => !capture.microphoneOn() && setAsked('unmute'),
    asked_to_start_video: () => !capture.cameraOn() && setAsked('video'),
  };

  // A right that ends takes effect here as it does with everyone who receives.
  const ended = (right: 'unmute' | 'video', then: () => void) =>
    createEffect(on(() => view.phase === 'in_meeting' && !view.may[right], (now) => now && then()));
  ended('unmute', () => quieten('microphone', watches(view) ? 'only-watching' : 'unmuting-ended'));
  ended('video', () => quieten('camera', watches(view) ? 'only-watching' : 'video-ended'));
  createEffect(on(() => view.phase === 'in_meeting' && watches(view), (now, before) => {
    if (before && !now && view.phase === 'in_meeting') announce(t('on-stage'), 'shown');
  }));

  const whenOn = (isOn: () => boolean, what: Asked) => createEffect(() => isOn() && asked() === what && setAsked(null));
  whenOn(() => capture.microphoneOn(), 'unmute');
  whenOn(() => capture.cameraOn(), 'video');

  return {
    heed: (notice) => void quiet[notice]?.(),
    asked,
    answer(yes) {
      const what = asked();
      setAsked(null);
      if (!yes) return;
      void (what === 'unmute' ? capture.setMicrophone(true) : capture.setCamera(true));
    },
  };
}
