"""Key frames in H.264 RTP payloads, packetization modes 0 and 1 (RFC 6184 sections 5.6 to 5.8)."""

from media.rtp.header import Buffer

_IDR, _SPS = 5, 7  # NAL unit types of ITU-T H.264 table 7-1
_STAP_A, _FU_A = 24, 28
_INTRA = (_IDR, _SPS)


def is_keyframe(payload: Buffer) -> bool:
    """Whether the payload begins a key frame: an IDR slice or a sequence parameter set.

    Returns:
        False when it is malformed.
    """
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        return _aggregate_holds_intra(payload)
    if kind == _FU_A:
        return len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F in _INTRA
    return kind in _INTRA


def _aggregate_holds_intra(payload: Buffer) -> bool:
    at, end = 1, len(payload)
    while at + 2 < end:
        if payload[at + 2] & 0x1F in _INTRA:
            return True
        at += 2 + (payload[at] << 8 | payload[at + 1])
    return False
