import type { Kind } from '../state/core';

/** Three simulcast layers; the server picks one per receiver and names those nobody watches. */
export const CAMERA_LAYERS: RTCRtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];

/**
 * How much smaller than the camera's picture each layer is. libwebrtc sends three layers of 960x540 pixels and more only, two
 * down to 480x270 and one below, the first ones: they must not be the quarter and the half of a picture that is small already.
 */
export function divisorsFor({ width = 0, height = 0 }: MediaTrackSettings): Record<string, number> {
  const pixels = width * height;
  if (pixels === 0 || pixels >= 960 * 540) return { q: 4, h: 2, f: 1 };
  return pixels >= 480 * 270 ? { q: 2, h: 1, f: 1 } : { q: 1, h: 1, f: 1 };
}

/** What matters in a shared screen: that letters are sharp, or that movement is smooth. */
export type ScreenHint = 'detail' | 'motion';

/**
 * One layer at full size, so that everyone reads the same letters. More frames per second take bits from each, and
 * letters blur while a page scrolls; a higher rate is too much for those whose line is thin.
 */
export const SCREEN_LAYER: Record<ScreenHint, RTCRtpEncodingParameters> = {
  detail: { scaleResolutionDownBy: 1, maxBitrate: 1_000_000, maxFramerate: 10 },
  motion: { scaleResolutionDownBy: 1, maxBitrate: 2_000_000, maxFramerate: 30 },
};

/** What gives way first when there is too little of everything. */
export const SCREEN_PREFERENCE: Record<ScreenHint, RTCDegradationPreference> = {
  detail: 'maintain-resolution',
  motion: 'balanced',
};

/** Music wants more than a voice. */
const SCREEN_SOUND: RTCRtpEncodingParameters = { maxBitrate: 96_000 };

export function encodingsOf(kind: Kind, hint: ScreenHint): RTCRtpEncodingParameters[] | undefined {
  if (kind === 'camera') return CAMERA_LAYERS;
  if (kind === 'screen') return [SCREEN_LAYER[hint]];
  return kind === 'screen_audio' ? [SCREEN_SOUND] : undefined;
}

export const mediaOf = (kind: Kind): 'audio' | 'video' => (kind === 'mic' || kind === 'screen_audio' ? 'audio' : 'video');

const WANTED = { audio: /^audio\/opus$/i, video: /^video\/(vp8|rtx)$/i };

/** Only our codecs: an offer with all of them is three times as large. */
export function preferCodec(transceiver: RTCRtpTransceiver, media: 'audio' | 'video'): void {
  const all = RTCRtpReceiver.getCapabilities(media)?.codecs ?? [];
  const ours = all.filter((codec) => WANTED[media].test(codec.mimeType));
  if (ours.length > 0) transceiver.setCodecPreferences?.(ours);
}
