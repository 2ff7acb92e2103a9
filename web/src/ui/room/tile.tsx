import { createEffect, createMemo, createSignal, on, onCleanup, Show } from 'solid-js';
import type { Person } from '../../state/core';
import { t } from '../../state/i18n';
import type { Meeting } from '../../state/meeting';
import type { Place } from '../../media/layout';
import type { VideoLine } from '../../media/line';
import { Icon } from '../icon';
import { Hand, MicOff, Warning } from '../icons';

/** How long a tile says on screen that its name could be taken for another; longer hides more of the picture. */
const ALIKE_FOR_MS = 20_000;

/** One person. The picture is that of the line whose frames verify under this person's key. */
export function Tile(props: { meeting: Meeting; person: Person; place: Place | undefined; alike: string }) {
  let still: HTMLCanvasElement | undefined;
  const view = () => props.meeting.view;
  const line = createMemo(() => props.meeting.peer.video().find((each) => each.kind === 'camera' && each.device() === props.person.device));
  const speaking = () => view().speakers.includes(props.person.device);
  const away = () => !props.person.connected;
  const unverified = () => props.person.participant !== null
    && view().slots.some((slot) => slot.unverified && slot.kind === 'camera' && slot.claimed === props.person.participant);
  const style = () => {
    const place = props.place ?? { x: 0, y: 0, width: 0, height: 0 };
    return { transform: `translate(${place.x}px, ${place.y}px)`, width: `${place.width}px`, height: `${place.height}px` };
  };
  const keepStill = (video: HTMLVideoElement) => drawStill(video, still);
  // The last picture stays only while its owner is expected back with a camera that was on.
  createEffect(() => !props.person.camera_on && clearStill(still));
  const noted = briefly(() => props.alike);

  return (
    <div class="tile" role="group" aria-label={props.person.name} style={style()}
      classList={{ speaking: speaking(), away: away(), small: (props.place?.width ?? 0) < 200 }}>
      <Avatar name={props.person.name} />
      <canvas class="tile-still" ref={(element) => (still = element)} aria-hidden="true" />
      <Show when={props.person.camera_on && line()} keyed>{(shown) => <LineVideo line={shown} last={keepStill} />}</Show>
      <Show when={unverified()}><p class="tile-alarm"><Icon of={Warning} size={18} />{t('not-verified')}</p></Show>
      <Show when={away()}><p class="tile-away">{t('dropped', { name: props.person.name })}</p></Show>
      <p class="plate">
        <Show when={props.person.hand !== null}><Icon of={Hand} size={16} /></Show>
        <Show when={!props.person.mic_on}><Icon of={MicOff} size={16} /></Show>
        <span class="plate-name"><bdi>{props.person.name}</bdi><Show when={noted()}><small>{noted()}</small></Show></span>
        <span class="only-heard">{words(props.person, speaking(), noted() ? '' : props.alike)}</span>
      </p>
    </div>
  );
}

/** The words for a while after they were said first. */
function briefly(words: () => string): () => string {
  const [shown, setShown] = createSignal('');
  createEffect(on(words, (now) => {
    setShown(now);
    const timer = setTimeout(() => setShown(''), ALIKE_FOR_MS);
    onCleanup(() => clearTimeout(timer));
  }));
  return shown;
}

function words(person: Person, speaking: boolean, alike: string): string {
  const said = [alike, person.hand !== null && t('hand-raised'), !person.mic_on && t('muted'), speaking && t('speaking'), !person.connected && t('reconnecting')];
  return said.filter(Boolean).map((word) => `, ${word}`).join('');
}

/** Covered until a frame of the named person has been presented. */
export function LineVideo(props: { line: VideoLine; last?: (video: HTMLVideoElement) => void }) {
  const attach = (video: HTMLVideoElement) => {
    video.srcObject = new MediaStream([props.line.track]);
    const stop = reportPresented(video, (timestamp) => props.line.handlePresented(timestamp));
    // Before the cover falls the picture on screen is still the named person's own.
    const still = setInterval(() => props.line.visible() && props.last?.(video), 1_000);
    onCleanup(() => {
      stop();
      clearInterval(still);
      video.srcObject = null;
    });
  };
  return <video ref={attach} class="tile-video" classList={{ shown: props.line.visible() }} muted autoplay playsinline />;
}

/** Calls for every presented frame; where browsers cannot tell, ten times a second without a timestamp. */
function reportPresented(video: HTMLVideoElement, report: (rtpTimestamp: number | undefined) => void): () => void {
  if (!('requestVideoFrameCallback' in video)) {
    const timer = setInterval(() => report(undefined), 100);
    return () => clearInterval(timer);
  }
  let stopped = false;
  const next = () => {
    if (!stopped) video.requestVideoFrameCallback((_, { rtpTimestamp }) => (report(rtpTimestamp), next()));
  };
  next();
  return () => (stopped = true);
}

function drawStill(video: HTMLVideoElement, canvas: HTMLCanvasElement | undefined) {
  if (!canvas || video.videoWidth === 0) return;
  const scale = Math.min(1, 480 / video.videoWidth);
  canvas.width = video.videoWidth * scale;
  canvas.height = video.videoHeight * scale;
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
}

function clearStill(canvas: HTMLCanvasElement | undefined) {
  if (canvas) canvas.width = canvas.height = 0;
}

export function Avatar(props: { name: string }) {
  return <span class="avatar" aria-hidden="true">{initials(props.name)}</span>;
}

const initials = (name: string) => {
  const parts = name.trim().split(/\s+/);
  return [parts[0], parts.length > 1 ? parts.at(-1) : ''].map((part) => [...(part ?? '')][0] ?? '').join('').toUpperCase();
};
