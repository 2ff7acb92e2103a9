// This person's own microphone and camera: asking, switching, losing and finding them again.

import { createSignal, type Accessor } from 'solid-js';
import { loadPreferences, savePreferences } from '../state/preferences';

export type Device = 'microphone' | 'camera';
export type Refusal = 'denied' | 'missing' | 'in_use';

export interface Choice { id: string; label: string }

/** A device went away and another took its place, or none was left. */
export interface Switched { device: Device; to: string | null }

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Capture {
  private readonly preferences = loadPreferences();
  private readonly mic = createSignal<MediaStreamTrack | null>(null);
  private readonly cam = createSignal<MediaStreamTrack | null>(null);
  private readonly micWanted = createSignal(this.preferences.microphoneOn);
  private readonly camWanted = createSignal(this.preferences.cameraOn);
  private readonly refused = createSignal<Partial<Record<Device, Refusal>>>({});
  private readonly listed = createSignal<MediaDeviceInfo[]>([]);
  private readonly sink = createSignal(this.preferences.speaker);
  /** Called when a device was lost; the page says which took its place. */
  onSwitched: (switched: Switched) => void = () => {};

  /** The live tracks; null while there is none or it is off. */
  readonly microphone: Accessor<MediaStreamTrack | null> = this.mic[0];
  readonly camera: Accessor<MediaStreamTrack | null> = this.cam[0];
  readonly microphoneOn = () => this.micWanted[0]() && this.mic[0]() !== null;
  readonly cameraOn = () => this.camWanted[0]() && this.cam[0]() !== null;
  readonly refusals = this.refused[0];
  readonly speaker = this.sink[0];

  constructor() {
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.handleDeviceChange());
  }

  readonly choices = (kind: MediaDeviceKind): Choice[] =>
    this.listed[0]()
      .filter((device) => device.kind === kind && device.deviceId !== '')
      .map((device) => ({ id: device.deviceId, label: device.label }));

  readonly chosen = (device: Device): string =>
    (device === 'microphone' ? this.mic[0]() : this.cam[0]())?.getSettings().deviceId ?? '';

  /** Asks the browser; what is refused or missing stands in `refusals`. */
  async start(camera: boolean): Promise<void> {
    this.camWanted[1](camera && this.camWanted[0]());
    this.refused[1]({});
    const wanted: Device[] = this.camWanted[0]() ? ['microphone', 'camera'] : ['microphone'];
    try {
      this.take(await ask(wanted, this.preferences));
    } catch {
      // One of the two may be missing or taken; each is then asked for by itself.
      for (const device of wanted) await this.open(device);
    }
    await this.refreshList();
  }

  async setMicrophone(on: boolean): Promise<void> {
    this.micWanted[1](on);
    this.remember();
    if (on && !this.mic[0]()) await this.open('microphone');
    const track = this.mic[0]();
    if (track) track.enabled = on;
  }

  /** Off means off: the device is released and its light goes out. */
  async setCamera(on: boolean): Promise<void> {
    this.camWanted[1](on);
    this.remember();
    if (!on) this.stopCamera();
    else if (!this.cam[0]()) await this.open('camera');
  }

  async choose(device: Device, id: string): Promise<void> {
    this.preferences[device] = id;
    this.remember();
    await this.open(device);
  }

  chooseSpeaker(id: string): void {
    this.sink[1](id);
    this.preferences.speaker = id;
    this.remember();
  }

  stop(): void {
    for (const [track, set] of [this.mic, this.cam]) {
      track()?.stop();
      set(null);
    }
  }

  private async open(device: Device): Promise<void> {
    try {
      this.take(await ask([device], this.preferences));
      this.note(device, undefined);
    } catch (error) {
      this.note(device, refusalOf(error));
    }
  }

  private take(stream: MediaStream) {
    for (const track of stream.getTracks()) {
      const device = track.kind === 'audio' ? 'microphone' : 'camera';
      const [current, set] = device === 'microphone' ? this.mic : this.cam;
      current()?.stop();
      if (device === 'microphone') track.enabled = this.micWanted[0]();
      else track.contentHint = 'motion';
      track.onended = () => void this.replaceLost(device, track);
      set(track);
    }
  }

  private stopCamera() {
    this.cam[0]()?.stop();
    this.cam[1](null);
  }

  private note(device: Device, refusal: Refusal | undefined) {
    const { [device]: _, ...others } = this.refused[0]();
    this.refused[1](refusal ? { ...others, [device]: refusal } : others);
  }

  private async handleDeviceChange() {
    await this.refreshList();
    for (const device of ['microphone', 'camera'] as const) {
      const track = device === 'microphone' ? this.mic[0]() : this.cam[0]();
      const kind = device === 'microphone' ? 'audioinput' : 'videoinput';
      if (track && !this.isListed(kind, track.getSettings())) await this.replaceLost(device, track);
    }
  }

  /** "default" stays in the list when what it stood for is unplugged; its group tells. */
  private isListed(kind: MediaDeviceKind, { deviceId, groupId }: MediaTrackSettings): boolean {
    if (!deviceId) return true;
    return this.listed[0]().some((info) => info.kind === kind && info.deviceId === deviceId && (!groupId || info.groupId === groupId));
  }

  /** An unplugged device: the next one takes over by itself. */
  private async replaceLost(device: Device, lost: MediaStreamTrack) {
    const [current, set] = device === 'microphone' ? this.mic : this.cam;
    if (current() !== lost) return;
    set(null);
    lost.stop();
    this.preferences[device] = '';
    await this.open(device);
    await this.refreshList();
    this.onSwitched({ device, to: current()?.label ?? null });
  }

  private async refreshList() {
    this.listed[1]((await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? []);
  }

  private remember() {
    this.preferences.microphoneOn = this.micWanted[0]();
    this.preferences.cameraOn = this.camWanted[0]();
    savePreferences(this.preferences);
  }
}

function ask(devices: Device[], ids: { microphone: string; camera: string }): Promise<MediaStream> {
  const constraints: MediaStreamConstraints = {};
  if (devices.includes('microphone')) constraints.audio = { ...MICROPHONE, ...preferring(ids.microphone) };
  if (devices.includes('camera')) constraints.video = { ...CAMERA, ...preferring(ids.camera) };
  if (!navigator.mediaDevices) return Promise.reject(new DOMException('', 'NotFoundError'));
  return navigator.mediaDevices.getUserMedia(constraints);
}

const preferring = (id: string) => (id ? { deviceId: { ideal: id } } : {});

function refusalOf(error: unknown): Refusal {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotReadableError' || name === 'AbortError' ? 'in_use' : 'missing';
}

/** Whether the browser will let the page have both without asking. */
export async function alreadyAllowed(): Promise<boolean> {
  const states = await Promise.all(['microphone', 'camera'].map(permission));
  return states.every((status) => status?.state === 'granted');
}

export async function permission(name: string): Promise<PermissionStatus | null> {
  return (await navigator.permissions?.query({ name: name as PermissionName }).catch(() => null)) ?? null;
}
