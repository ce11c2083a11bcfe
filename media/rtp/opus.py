"""Facts about Opus packets that need no decoder: length, silence, concealment (RFC 6716 section 3).

Durations are ticks of the 48 kHz RTP clock (RFC 7587 section 4.1).
"""

from enum import Enum

TICKS_PER_SECOND = 48_000
MAX_PACKET_TICKS = 5760
"""120 ms, the longest packet (RFC 6716 section 3.2.5, R5)."""
SMALLEST_TICKS = 120
"""2.5 ms, the shortest frame; nothing finer can be filled."""
MAX_FRAME_BYTES = 1275
"""RFC 6716 section 3.2.1, R2."""

_SILENT_FRAME = b"\xff\xfe"  # a CELT frame with its silence flag set and nothing after it
_CODE_MASK = 0x03
_STEREO = 0x04


class Mode(Enum):
    """Which coder a packet's frames use (RFC 6716 section 3.1, table 2)."""

    SILK = "silk"
    HYBRID = "hybrid"
    CELT = "celt"


def toc(payload: bytes) -> int:
    """The table-of-contents byte.

    Raises:
        ValueError: The payload is empty.
    """
    if not payload:
        raise ValueError("an Opus packet has at least one byte")
    return payload[0]


def is_stereo(toc_byte: int) -> bool:
    """Whether the packet codes two channels."""
    return bool(toc_byte & _STEREO)


def mode(toc_byte: int) -> Mode:
    """Which coder the packet's frames use."""
    config = toc_byte >> 3
    if config < 12:
        return Mode.SILK
    return Mode.HYBRID if config < 16 else Mode.CELT


def frame_ticks(toc_byte: int) -> int:
    """Length of each frame of the packet in ticks: 2.5 to 60 ms."""
    config = toc_byte >> 3
    if config < 12:
        return (480, 960, 1920, 2880)[config & 3]
    if config < 16:
        return (480, 960)[config & 1]
    return (120, 240, 480, 960)[config & 3]


def packet_ticks(payload: bytes) -> int:
    """Length of a whole packet in ticks.

    Raises:
        ValueError: The packet breaks a rule of RFC 6716 section 3.4, so no decoder accepts it.
    """
    head = toc(payload)
    code = head & _CODE_MASK
    if code == 0 and len(payload) <= MAX_FRAME_BYTES + 1:  # almost every packet
        return _FRAME_TICKS[head]
    if code == 3:
        count = _check_many(payload)
    elif code == 2:
        count = 2
        first, used = _frame_length(payload, 1)
        _check_frame(first)
        _check_frame(len(payload) - 1 - used - first)
    else:
        count = code + 1
        if (len(payload) - 1) % count:
            raise ValueError("two equal frames need an even number of bytes")
        _check_frame((len(payload) - 1) // count)
    return count * frame_ticks(head)


_FRAME_TICKS = tuple(frame_ticks(head) for head in range(256))


def is_dtx(payload: bytes) -> bool:
    """Whether the encoder sent this only to say that nothing is to be heard.

    Encoders mark discontinuous transmission by packets of at most two bytes, which hold no audio.
    """
    return len(payload) <= 2


def concealment(toc_byte: int, ticks: int) -> list[bytes]:
    """Packets of zero-length frames, which ask a decoder to conceal `ticks` of missing audio.

    Mode, bandwidth, channels and frame size stay those of the previous packet, so that the decoder
    goes on with what it has; a rest that is no multiple of its frame size comes last, in shorter
    frames (RFC 6716 section 3.2.1, RFC 7845 section 4.1).

    Args:
        toc_byte: That of the packet before the gap.
        ticks: Length of the gap; rounded down to a multiple of 2.5 ms.
    """
    packets: list[bytes] = []
    left = ticks
    for head in (toc_byte, *_shorter(toc_byte)):
        size = frame_ticks(head)
        frames, left = divmod(left, size)
        while frames:
            now = min(frames, MAX_PACKET_TICKS // size)
            packets.append(_empty(head, now))
            frames -= now
    return packets


def silence(ticks: int, *, stereo: bool = False) -> list[bytes]:
    """Packets of digital silence: 120 ms each, the rest in shorter ones.

    Args:
        ticks: Length; rounded down to a multiple of 2.5 ms.
        stereo: Code two channels.
    """
    packets: list[bytes] = []
    left = ticks
    for config in (31, 30, 29, 28):  # CELT, full band: 20, 10, 5, 2.5 ms
        head = config << 3 | (_STEREO if stereo else 0)
        size = frame_ticks(head)
        frames, left = divmod(left, size)
        while frames:
            now = min(frames, MAX_PACKET_TICKS // size)
            packets.append(_many(head, now, _SILENT_FRAME))
            frames -= now
    return packets


def _check_frame(length: int) -> None:
    if not 0 <= length <= MAX_FRAME_BYTES:
        raise ValueError("a frame is longer than the packet or than 1275 bytes")


def _frame_length(payload: bytes, at: int) -> tuple[int, int]:
    """A coded frame length at `at` and how many bytes it took (RFC 6716 section 3.2.1)."""
    coded = payload[at : at + 2]
    if coded and coded[0] < 252:
        return coded[0], 1
    if len(coded) < 2:
        raise ValueError("the packet ends inside a frame length")
    return coded[0] + 4 * coded[1], 2


def _check_many(payload: bytes) -> int:
    """Check a code 3 packet and return its number of frames (RFC 6716 section 3.2.5)."""
    if len(payload) < 2:
        raise ValueError("the packet ends before its frame count")
    count = payload[1] & 0x3F
    if not 0 < count * frame_ticks(payload[0]) <= MAX_PACKET_TICKS:
        raise ValueError("the packet holds no frame or more than 120 ms")
    at, padding = 2, 0
    if payload[1] & 0x40:
        at, padding = _padding(payload)
    if payload[1] & 0x80:
        for _ in range(count - 1):
            length, used = _frame_length(payload, at)
            _check_frame(length)
            at += used
            padding += length
        _check_frame(len(payload) - at - padding)
        return count
    length, rest = divmod(len(payload) - at - padding, count)
    if rest:
        raise ValueError("equal frames do not divide the packet")
    _check_frame(length)
    return count


def _padding(payload: bytes) -> tuple[int, int]:
    """Where the bytes after a code 3 packet's padding length begin, and that length."""
    at, total = 2, 0
    while at < len(payload):
        byte = payload[at]
        at += 1
        if byte < 255:
            return at, total + byte
        total += 254
    raise ValueError("the packet ends inside its padding length")


def _shorter(toc_byte: int) -> list[int]:
    """Heads of shorter frames that go on as closely as possible, longest first."""
    config, stereo = toc_byte >> 3, toc_byte & _STEREO
    coder = mode(toc_byte)
    if coder is Mode.CELT:
        celt, configs = config & ~3, []
        first = (config & 3) - 1
    else:
        # narrow, medium, wide, then the hybrid bands: CELT has no medium band
        celt = (16, 20, 20)[config >> 2] if coder is Mode.SILK else (24, 28)[(config - 12) >> 1]
        configs = [config & ~(3 if coder is Mode.SILK else 1)]
        first = 1
    configs += [celt + size for size in range(first, -1, -1)]
    return [one << 3 | stereo for one in configs]


def _empty(head: int, frames: int) -> bytes:
    return _many(head, frames, b"")


def _many(head: int, frames: int, frame: bytes) -> bytes:
    """A packet of equal frames (RFC 6716 sections 3.2.2 and 3.2.5)."""
    if frames == 1:
        return bytes((head & ~_CODE_MASK,)) + frame
    return bytes((head | _CODE_MASK, frames)) + frames * frame
