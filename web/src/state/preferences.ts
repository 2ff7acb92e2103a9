// Small choices of this person. The devices and the switches live as long as the tab, so that a reload
// never opens a microphone that was muted; the name stays on the device.

export interface Preferences {
  microphoneOn: boolean;
  cameraOn: boolean;
  microphone: string;
  camera: string;
  speaker: string;
}

const DEFAULTS: Preferences = { microphoneOn: true, cameraOn: true, microphone: '', camera: '', speaker: '' };

export function loadPreferences(): Preferences {
  return { ...DEFAULTS, ...read<Partial<Preferences>>(() => sessionStorage, 'devices') };
}

export const savePreferences = (preferences: Preferences) => write(() => sessionStorage, 'devices', preferences);

export const loadName = (): string => read<string>(() => localStorage, 'name') ?? '';
/** Kept for the next visit, unless this person does not want that. */
export const saveName = (name: string) => write(() => localStorage, 'name', remembersName() ? name.slice(0, 60) : '');

export const remembersName = (): boolean => read<boolean>(() => localStorage, 'remember-name') ?? true;
export function setRemembersName(on: boolean) {
  write(() => localStorage, 'remember-name', on);
  if (!on) saveName('');
}

/** Whether this tab was in this meeting: after a reload it goes straight back. */
export const wasInside = (meeting: string): boolean => read<boolean>(() => sessionStorage, `inside:${meeting}`) ?? false;
export const setInside = (meeting: string, inside: boolean) => write(() => sessionStorage, `inside:${meeting}`, inside);

/** The link's secret, taken from the address bar by `early.js`. */
export function fragmentOf(path: string): string | null {
  try {
    return sessionStorage.getItem(`link:${path}`) ?? lateFragment();
  } catch {
    return lateFragment();
  }
}

const lateFragment = () => (globalThis as { linkFragment?: string }).linkFragment ?? null;

function read<T>(store: () => Storage, key: string): T | null {
  try {
    return JSON.parse(store().getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
}

function write(store: () => Storage, key: string, value: unknown) {
  try {
    store().setItem(key, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
}

export const loadShortcuts = (): boolean => read<boolean>(() => localStorage, 'shortcuts') ?? true;
export const saveShortcuts = (on: boolean) => write(() => localStorage, 'shortcuts', on);
