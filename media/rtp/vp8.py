"""The VP8 payload descriptor: read, and rewritten in place (RFC 7741 section 4.2)."""

from dataclasses import dataclass

from media.rtp.header import Buffer

_START_CODE = b"\x9d\x01\x2a"


@dataclass(frozen=True, slots=True)
class Vp8Descriptor:
    """One packet's VP8 payload descriptor.

    Attributes:
        size: Bytes of the descriptor; the VP8 data follow.
        start: The packet begins a frame (S bit set in partition 0).
        keyframe: The packet begins a key frame.
        picture_id: Picture id, None when absent.
        picture_id_bits: 7 or 15, 0 when absent.
        picture_id_offset: Index of its first byte; 0 when absent.
        tl0picidx: Running index of base-layer frames, None when absent.
        tl0picidx_offset: Index of its byte; 0 when absent.
        tid: Temporal layer, None when absent.
        layer_sync: The frame depends on the base layer only (Y bit).
    """

    size: int
    start: bool
    keyframe: bool
    picture_id: int | None = None
    picture_id_bits: int = 0
    picture_id_offset: int = 0
    tl0picidx: int | None = None
    tl0picidx_offset: int = 0
    tid: int | None = None
    layer_sync: bool = False


def parse(payload: Buffer) -> Vp8Descriptor:
    """Read the descriptor at the start of an RTP payload.

    Raises:
        ValueError: The payload ends inside the descriptor.
    """
    try:
        return _parse(payload)
    except IndexError:
        raise ValueError("VP8 payload ends inside its descriptor") from None


def picture_size(payload: Buffer, descriptor: Vp8Descriptor) -> tuple[int, int]:
    """Width and lines of a key frame's picture (RFC 6386 section 9.1); zeros for other packets."""
    at = descriptor.size + 6  # frame tag and start code go before
    if not descriptor.keyframe or at + 4 > len(payload):
        return 0, 0
    width, height = payload[at + 1] << 8 | payload[at], payload[at + 3] << 8 | payload[at + 2]
    return width & 0x3FFF, height & 0x3FFF


def frame_size(frame: Buffer) -> tuple[int, int] | None:
    """Width and height of a whole key frame (RFC 6386 section 9.1); None for any other frame."""
    if len(frame) < 10 or frame[0] & 0x01 or bytes(frame[3:6]) != _START_CODE:
        return None
    return (frame[7] << 8 | frame[6]) & 0x3FFF, (frame[9] << 8 | frame[8]) & 0x3FFF


def is_keyframe(payload: Buffer) -> bool:
    """Whether the payload begins a key frame; False when it is malformed."""
    try:
        return parse(payload).keyframe
    except ValueError:
        return False


def rewrite(
    payload: bytearray,
    descriptor: Vp8Descriptor,
    picture_id: int | None,
    tl0picidx: int | None,
) -> None:
    """Overwrite picture id and TL0PICIDX in place, in the width that they have.

    None leaves a field alone, as does its absence from the packet; high bits that do not fit
    are cut off.
    """
    at = descriptor.picture_id_offset
    if picture_id is not None and descriptor.picture_id_bits == 15:
        payload[at] = 0x80 | (picture_id >> 8 & 0x7F)
        payload[at + 1] = picture_id & 0xFF
    elif picture_id is not None and descriptor.picture_id_bits:
        payload[at] = picture_id & 0x7F
    if tl0picidx is not None and descriptor.tl0picidx_offset:
        payload[descriptor.tl0picidx_offset] = tl0picidx & 0xFF


def _parse(payload: Buffer) -> Vp8Descriptor:
    first = payload[0]
    start = first & 0x17 == 0x10  # S bit, partition index 0
    if not first & 0x80:
        return Vp8Descriptor(1, start, _begins_keyframe(payload, 1, start=start))
    flags = payload[1]
    at = 2
    picture_id = tl0picidx = tid = None
    bits = picture_at = tl0_at = 0
    if flags & 0x80:
        picture_at, bits, picture_id = at, 7, payload[at]
        if picture_id & 0x80:
            bits = 15
            at += 1
            picture_id = (picture_id & 0x7F) << 8 | payload[at]
        at += 1
    if flags & 0x40:
        tl0_at, tl0picidx = at, payload[at]
        at += 1
    layer_sync = False
    if flags & 0x30:  # TID and KEYIDX share one byte, present when either flag is set
        if flags & 0x20:
            tid, layer_sync = payload[at] >> 6, bool(payload[at] & 0x20)
        at += 1
    if at > len(payload):
        raise IndexError(at)
    keyframe = _begins_keyframe(payload, at, start=start)
    return Vp8Descriptor(
        at, start, keyframe, picture_id, bits, picture_at, tl0picidx, tl0_at, tid, layer_sync
    )


def _begins_keyframe(payload: Buffer, at: int, *, start: bool) -> bool:
    # RFC 7741 section 4.3: the inverse key frame flag is the low bit of the payload header.
    return start and at < len(payload) and not payload[at] & 0x01
