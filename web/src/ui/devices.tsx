import { createEffect, createUniqueId, For, Show, type Accessor } from 'solid-js';
import type { Capture, Choice, Device } from '../media/capture';
import { createLevel } from '../media/level';
import { t } from '../state/i18n';
import { Icon } from './icon';
import { Camera, CameraOff, Mic, MicOff } from './icons';

/** Your own picture, mirrored as people know themselves. */
export function Preview(props: { capture: Capture }) {
  const shown = () => (props.capture.cameraOn() ? props.capture.camera() : null);
  const why = () => {
    const refusal = props.capture.refusals().camera;
    if (refusal === 'denied') return t('denied-camera');
    if (refusal === 'in_use') return t('camera-in-use');
    return refusal === 'missing' ? t('no-camera') : t('camera-is-off');
  };
  return (
    <div class="preview">
      <OwnVideo track={shown} label={t('your-camera')} />
      <Show when={!shown()}><p class="preview-off">{why()}</p></Show>
    </div>
  );
}

export function OwnVideo(props: { track: Accessor<MediaStreamTrack | null>; label: string }) {
  const attach = (element: HTMLVideoElement) =>
    createEffect(() => {
      const track = props.track();
      element.srcObject = track ? new MediaStream([track]) : null;
    });
  return <video ref={attach} class="own-video" classList={{ off: !props.track() }} aria-label={props.label} muted autoplay playsinline />;
}

export function Switches(props: { capture: Capture }) {
  return (
    <>
      <button class="switch" aria-pressed={props.capture.microphoneOn()} onClick={() => void props.capture.setMicrophone(!props.capture.microphoneOn())}>
        <Icon of={props.capture.microphoneOn() ? Mic : MicOff} /><span>{t('microphone')}</span>
      </button>
      <button class="switch" aria-pressed={props.capture.cameraOn()} onClick={() => void props.capture.setCamera(!props.capture.cameraOn())}>
        <Icon of={props.capture.cameraOn() ? Camera : CameraOff} /><span>{t('camera')}</span>
      </button>
    </>
  );
}

const BARS = [0.08, 0.2, 0.32, 0.44, 0.56, 0.68, 0.8, 0.92];

export function LevelMeter(props: { track: Accessor<MediaStreamTrack | null> }) {
  const level = createLevel(() => props.track());
  return (
    <div class="meter" role="meter" aria-label={t('microphone-level')} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(level() * 100)}>
      <For each={BARS}>{(bar) => <span classList={{ lit: level() > bar }} />}</For>
    </div>
  );
}

export function DevicePickers(props: { capture: Capture }) {
  const problem = () => {
    const refusal = props.capture.refusals().microphone;
    if (refusal === 'denied') return t('denied-microphone');
    if (refusal === 'in_use') return t('microphone-in-use');
    return refusal === 'missing' ? t('no-microphone') : '';
  };
  const pick = (device: Device) => (id: string) => void props.capture.choose(device, id);
  return (
    <div class="pickers">
      <Picker name="microphone-device" choices={props.capture.choices('audioinput')} value={props.capture.chosen('microphone')} pick={pick('microphone')} />
      <Picker name="camera-device" choices={props.capture.choices('videoinput')} value={props.capture.chosen('camera')} pick={pick('camera')} />
      <Picker name="speaker-device" choices={props.capture.choices('audiooutput')} value={props.capture.speaker()} pick={(id) => props.capture.chooseSpeaker(id)} />
      <Show when={problem()}><p class="hint">{problem()}</p></Show>
    </div>
  );
}

function Picker(props: { name: string; choices: Choice[]; value: string; pick: (id: string) => void }) {
  const id = createUniqueId();
  return (
    <div class="picker">
      <label for={id}>{t(props.name)}</label>
      <select id={id} disabled={props.choices.length === 0} onChange={(event) => props.pick(event.currentTarget.value)}>
        <Show when={props.choices.length === 0}><option value="">{t('default-device')}</option></Show>
        <For each={props.choices}>{(choice) => (
          <option value={choice.id} selected={choice.id === props.value}>{choice.label || t('default-device')}</option>
        )}</For>
      </select>
    </div>
  );
}
