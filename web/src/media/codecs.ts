/** Three simulcast layers; the server picks one per receiver and names those nobody watches. */
export const CAMERA_LAYERS: RTCRtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];

const WANTED = { audio: /^audio\/opus$/i, video: /^video\/(vp8|rtx)$/i };

/** Only our codecs: an offer with all of them is three times as large. */
export function preferCodec(transceiver: RTCRtpTransceiver, media: 'audio' | 'video'): void {
  const all = RTCRtpReceiver.getCapabilities(media)?.codecs ?? [];
  const ours = all.filter((codec) => WANTED[media].test(codec.mimeType));
  if (ours.length > 0) transceiver.setCodecPreferences?.(ours);
}
