import { canEncryptFrames } from '../media/frames';

export type Support = 'yes' | 'insecure' | 'unsupported';

/** Judged by what the browser can do, never by its name. */
export function support(): Support {
  if (!isSecureContext) return 'insecure';
  const able = typeof WebAssembly === 'object' && typeof Worker === 'function'
    && typeof RTCPeerConnection === 'function' && typeof indexedDB === 'object'
    && Boolean(navigator.mediaDevices?.getUserMedia) && canEncryptFrames();
  return able ? 'yes' : 'unsupported';
}

export type Family = 'chromium' | 'chromium-touch' | 'firefox' | 'safari' | 'safari-touch' | 'other';

/** Where this browser keeps its permissions, as far as its features tell. */
export function family(): Family {
  const touch = matchMedia('(pointer: coarse)').matches;
  if ('userAgentData' in navigator) return touch ? 'chromium-touch' : 'chromium';
  if ('mozInnerScreenX' in window) return 'firefox';
  if ('GestureEvent' in window) return touch ? 'safari-touch' : 'safari';
  return 'other';
}
