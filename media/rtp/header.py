"""Facts read from a clear RTP header (RFC 3550 section 5.1) and its extensions (RFC 8285).

SRTP leaves the header in clear, so all but `strip_padding` work on encrypted packets too.
"""

from typing import TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview

FIXED_HEADER = 12
_ONE_BYTE_PROFILE = 0xBEDE  # RFC 8285 section 4.2
_TWO_BYTE_PROFILE = 0x1000  # RFC 8285 section 4.3; the low four bits belong to the application
_ONE_BYTE_STOP = 15  # RFC 8285 section 4.2: processing ends at this id


def is_rtcp(second_byte: int) -> bool:
    """Whether a packet with this second byte is RTCP, not RTP (RFC 5761 section 4)."""
    return 192 <= second_byte <= 223


def payload_offset(datagram: Buffer) -> int:
    """Where the payload begins: after fixed header, contributing sources and extension.

    Raises:
        ValueError: The datagram ends inside its header.
    """
    size = len(datagram)
    if size < FIXED_HEADER:
        raise ValueError("RTP packet is shorter than its fixed header")
    first = datagram[0]
    at = FIXED_HEADER + ((first & 0x0F) << 2)
    if first & 0x10:
        if size < at + 4:
            raise ValueError("RTP packet ends inside its extension header")
        at += 4 + ((datagram[at + 2] << 8 | datagram[at + 3]) << 2)
    if size < at:
        raise ValueError("RTP packet ends inside its header")
    return at


def strip_padding(datagram_plain: Buffer) -> int:
    """Where the payload of a decrypted packet ends, its padding left out.

    Raises:
        ValueError: The packet is truncated or its padding count is impossible.
    """
    start, end = payload_offset(datagram_plain), len(datagram_plain)
    if not datagram_plain[0] & 0x20:
        return end
    padding = datagram_plain[end - 1]
    if not 0 < padding <= end - start:
        raise ValueError("RTP padding is longer than the payload")
    return end - padding


def find_extension(datagram: Buffer, extension_id: int) -> bytes | None:
    """The data of one header extension element, in one- or two-byte form.

    Returns:
        None when the element is absent or the extension is malformed before it; never raises.
    """
    place = _locate(datagram, extension_id)
    if place is None:
        return None
    start, size = place
    return bytes(datagram[start : start + size])


def audio_level(datagram: Buffer, extension_id: int) -> int | None:  # noqa: PLR0911 - per packet
    """Audio level in -dBov, 0 (loudest) to 127 (silent), voice bit ignored (RFC 6464 section 3).

    Returns:
        None when the packet carries no level; never raises.
    """
    size = len(datagram)
    # One-byte elements right behind the fixed header, as every browser sends them; each packet of
    # everybody comes by here.
    if size > 16 and datagram[0] & 0x1F == 0x10 and datagram[12] == 0xBE and datagram[13] == 0xDE:
        at, end = 16, 16 + ((datagram[14] << 8 | datagram[15]) << 2)
        if end > size:
            return None
        while at < end:
            head = datagram[at]
            if head >> 4 == extension_id:
                return datagram[at + 1] & 0x7F if at + 1 + (head & 0x0F) < end else None
            if head >> 4 == _ONE_BYTE_STOP:
                return None
            at += (head & 0x0F) + 2 if head else 1
        return None
    place = _locate(datagram, extension_id)
    if place is None or not place[1]:
        return None
    return datagram[place[0]] & 0x7F


def _locate(datagram: Buffer, extension_id: int) -> tuple[int, int] | None:
    """Start and size of an element's data."""
    size = len(datagram)
    if size < FIXED_HEADER + 4 or not datagram[0] & 0x10:
        return None
    at = FIXED_HEADER + ((datagram[0] & 0x0F) << 2)
    if size < at + 4:
        return None
    end = at + 4 + ((datagram[at + 2] << 8 | datagram[at + 3]) << 2)
    if end > size:
        return None
    profile = datagram[at] << 8 | datagram[at + 1]
    place = None
    if profile == _ONE_BYTE_PROFILE:
        place = _locate_one_byte(datagram, at + 4, end, extension_id)
    elif profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        place = _locate_two_byte(datagram, at + 4, end, extension_id)
    return place


def _locate_one_byte(
    datagram: Buffer, at: int, end: int, extension_id: int
) -> tuple[int, int] | None:
    while at < end:
        head = datagram[at]
        at += 1
        if not head:  # padding
            continue
        found = head >> 4
        if found == _ONE_BYTE_STOP:
            return None
        size = (head & 0x0F) + 1
        if found == extension_id:
            return (at, size) if at + size <= end else None
        at += size
    return None


def _locate_two_byte(
    datagram: Buffer, at: int, end: int, extension_id: int
) -> tuple[int, int] | None:
    while at < end:
        found = datagram[at]
        at += 1
        if not found:  # padding
            continue
        if at == end:
            return None
        size = datagram[at]
        at += 1
        if found == extension_id:
            return (at, size) if at + size <= end else None
        at += size
    return None
