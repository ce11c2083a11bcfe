"""Key frames by codec: the one question that forwarding asks of every video payload format."""

from collections.abc import Callable, Mapping

from media.rtp import h264, vp8
from media.rtp.header import Buffer


def is_keyframe(codec_mime: str, payload: Buffer) -> bool:
    """Whether the payload begins a key frame.

    Args:
        codec_mime: MIME type such as `video/VP8`, in any case.
        payload: RTP payload without padding.

    Returns:
        False for an unknown codec or a malformed payload; never raises.
    """
    test = _TESTS.get(codec_mime.lower())
    return test is not None and test(payload)


def _vp9_keyframe(payload: Buffer) -> bool:
    """Start of a frame of the base spatial layer without inter prediction (RFC 9628 4.2)."""
    if not payload:
        return False
    first = payload[0]
    if first & 0x40 or not first & 0x08:  # P: inter-predicted; B: start of a frame
        return False
    if not first & 0x20:  # L: no layer indices, so the only layer
        return True
    at = 1
    if first & 0x80:  # I: picture id of one or two bytes
        if len(payload) < 2:
            return False
        at += 2 if payload[1] & 0x80 else 1
    return at < len(payload) and not payload[at] & 0x0E  # SID 0


def _av1_keyframe(payload: Buffer) -> bool:
    """N bit: first packet of a coded video sequence (AV1 RTP payload format 1.0, section 4.4)."""
    return len(payload) > 0 and bool(payload[0] & 0x08)


_TESTS: Mapping[str, Callable[[Buffer], bool]] = {
    "video/vp8": vp8.is_keyframe,
    "video/h264": h264.is_keyframe,
    "video/vp9": _vp9_keyframe,
    "video/av1": _av1_keyframe,
}
