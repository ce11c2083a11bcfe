/** Which codecs a microphone offers first. */

const REDUNDANT = "audio/red";

/** The codecs with redundant audio (RFC 2198) first: the server sends on what comes first. */
export function redundantFirst(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  const redundant = (codec: RTCRtpCodec) => codec.mimeType.toLowerCase() === REDUNDANT;
  return [...codecs.filter(redundant), ...codecs.filter((codec) => !redundant(codec))];
}

/** Codecs for `setCodecPreferences`; none where the browser cannot choose. */
export function microphoneCodecs(redundancy: boolean): RTCRtpCodec[] {
  if (!redundancy || typeof RTCRtpReceiver === "undefined") return [];
  return redundantFirst(RTCRtpReceiver.getCapabilities("audio")?.codecs ?? []);
}
