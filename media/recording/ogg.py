"""Ogg pages with Opus in them, made and read as bytes (RFC 3533, RFC 7845); no file, no clock.

Recovery reads and mends pages with it; the files themselves are muxed by libavformat.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

CAPTURE = b"OggS"
HEADER_BYTES = 27
MAX_SEGMENTS = 255
MAX_PAGE_BYTES = HEADER_BYTES + MAX_SEGMENTS + MAX_SEGMENTS * 255
PAGE_TICKS = 9600
"""200 ms: with longer pages a kill loses more, with shorter ones the overhead passes 3.5 %."""

CONTINUED, FIRST, LAST = 0x01, 0x02, 0x04
NO_POSITION = 0xFFFF_FFFF_FFFF_FFFF
"""The position of a page on which no packet ends (RFC 3533 section 6)."""

_HEADER = struct.Struct("<4sBBQIIIB")
_LENGTH = struct.Struct("<I")
_OPUS_HEAD = struct.Struct("<8sBBHIhB")
_PRE_SKIP = struct.Struct("<H")
_PRE_SKIP_AT = 10  # in OpusHead
_CHECKSUM_AT = 22
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggError(ValueError):
    """These bytes are no whole, undamaged page."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says.

    Attributes:
        flags: `CONTINUED`, `FIRST` and `LAST`.
        position: Ticks at the end of the last packet that ends here, pre-skip included.
        serial: Names the logical stream.
        number: Counts the stream's pages from 0.
        packets: The packets that end here; a page of ours never splits one.
        size: Bytes of the whole page.
    """

    flags: int
    position: int
    serial: int
    number: int
    packets: tuple[bytes, ...]
    size: int


def checksum(data: bytes | bytearray) -> int:
    """Ogg's CRC: polynomial 0x04c11db7, most significant bit first, no inversion.

    zlib's CRC is the same polynomial with every bit order reversed and both ends inverted, so
    reversing what goes in and comes out gives ours at the speed of C.
    """
    mirrored = zlib.crc32(data.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")


def build_page(
    packets: Sequence[bytes], *, position: int, serial: int, number: int, flags: int = 0
) -> bytes:
    """One page with these whole packets.

    Raises:
        OggError: They do not fit into one page.
    """
    lacing = bytearray()
    for packet in packets:
        full, rest = divmod(len(packet), 255)
        lacing += b"\xff" * full
        lacing.append(rest)
    if len(lacing) > MAX_SEGMENTS:
        raise OggError("the packets do not fit into one page")
    page = bytearray(_HEADER.pack(CAPTURE, 0, flags, position, serial, number, 0, len(lacing)))
    page += lacing
    for packet in packets:
        page += packet
    return _sealed(page)


def page_extent(data: bytes, at: int = 0) -> tuple[int, int]:
    """Size and position of a page that is known to be good.

    Raises:
        struct.error: There is no whole header.
    """
    _, _, _, position, _, _, _, count = _HEADER.unpack_from(data, at)
    lacing = data[at + HEADER_BYTES : at + HEADER_BYTES + count]
    return HEADER_BYTES + count + sum(lacing), position


def read_page(data: bytes | memoryview, at: int = 0) -> Page:
    """The page that begins at `at`.

    Raises:
        OggError: There is none, it is cut off, or its checksum is wrong.
    """
    if len(data) - at < HEADER_BYTES:
        raise OggError("no whole header")
    capture, version, flags, position, serial, number, crc, count = _HEADER.unpack_from(data, at)
    if capture != CAPTURE or version != 0:
        raise OggError("no page begins here")
    lacing = bytes(data[at + HEADER_BYTES : at + HEADER_BYTES + count])
    body = at + HEADER_BYTES + count
    end = body + sum(lacing)
    if len(lacing) < count or end > len(data):
        raise OggError("the page is cut off")
    whole = bytearray(data[at:end])
    whole[_CHECKSUM_AT : _CHECKSUM_AT + 4] = bytes(4)
    if checksum(whole) != crc:
        raise OggError("the checksum is wrong")
    packets = tuple(_packets(data, body, lacing))
    return Page(flags, position, serial, number, packets, end - at)


def with_last_flag(page: bytes) -> bytes:
    """The same page as the end of its stream, with its checksum made new."""
    changed = bytearray(page)
    changed[5] |= LAST
    return _sealed(changed)


def with_pre_skip(page: bytes, pre_skip: int) -> bytes:
    """The same first page with another pre-skip, with its checksum made new.

    Raises:
        OggError: It holds no identification header.
    """
    packets = read_page(page).packets
    _ = read_opus_head(b"".join(packets[:1]))
    changed = bytearray(page)
    _PRE_SKIP.pack_into(changed, len(page) - len(packets[0]) + _PRE_SKIP_AT, pre_skip)
    return _sealed(changed)


def opus_head(*, channels: int, pre_skip: int) -> bytes:
    """The identification header (RFC 7845 section 5.1), mapping family 0, no gain."""
    return _OPUS_HEAD.pack(b"OpusHead", 1, channels, pre_skip, 48_000, 0, 0)


def read_opus_head(packet: bytes) -> tuple[int, int]:
    """Channels and pre-skip of an identification header.

    Raises:
        OggError: It is none.
    """
    if len(packet) < _OPUS_HEAD.size or not packet.startswith(b"OpusHead"):
        raise OggError("no OpusHead")
    _, _, channels, pre_skip, *_ = _OPUS_HEAD.unpack_from(packet)
    return int(channels), int(pre_skip)


def opus_tags(vendor: str, comments: Mapping[str, str]) -> bytes:
    """The comment header (RFC 7845 section 5.2)."""
    parts = [vendor.encode(), *(f"{key}={value}".encode() for key, value in comments.items())]
    sized = [_LENGTH.pack(len(part)) + part for part in parts]
    sized.insert(1, _LENGTH.pack(len(comments)))
    return b"OpusTags" + b"".join(sized)


def read_opus_tags(packet: bytes) -> dict[str, str]:
    """The comments of a comment header.

    Raises:
        OggError: It is none, or its lengths point beyond its end.
    """
    if not packet.startswith(b"OpusTags"):
        raise OggError("no OpusTags")
    at = 8
    found: list[str] = []
    try:
        at += 4 + _LENGTH.unpack_from(packet, at)[0]
        (count,) = _LENGTH.unpack_from(packet, at)
        at += 4
        while len(found) < count:
            (size,) = _LENGTH.unpack_from(packet, at)
            at += 4 + size
            if at > len(packet):
                raise OggError("a comment is cut off")
            found.append(packet[at - size : at].decode(errors="replace"))
    except struct.error as error:
        raise OggError("the comments are cut off") from error
    pairs = (comment.partition("=") for comment in found)
    return {key.upper(): value for key, _, value in pairs}


class OpusStream:
    """Opus packets in, pages out.

    One packet is always kept back, so that `finish` has something to put the end flag on.

    Args:
        serial: Names the logical stream; any 32 bits.
        head: The identification header.
        tags: The comment header.

    Attributes:
        position: Ticks at the end of the last page handed out, pre-skip included.
    """

    def __init__(self, serial: int, head: bytes, tags: bytes) -> None:
        self._serial = serial
        self._head = head
        self._tags = tags
        self._number = 2
        self.position = 0
        self._held: list[bytes] = []
        self._held_segments = 0
        self._held_ticks = 0

    def headers(self) -> bytes:
        """The two pages that every file begins with."""
        first = build_page((self._head,), position=0, serial=self._serial, number=0, flags=FIRST)
        return first + build_page((self._tags,), position=0, serial=self._serial, number=1)

    def add(self, packet: bytes, ticks: int) -> bytes:
        """Take one packet; return the page that it completes, or nothing."""
        segments = len(packet) // 255 + 1
        full = self._held_ticks >= PAGE_TICKS or self._held_segments + segments > MAX_SEGMENTS
        page = self._page(0) if full and self._held else b""
        self._held.append(packet)
        self._held_segments += segments
        self._held_ticks += ticks
        return page

    def finish(self) -> bytes:
        """The last page, which ends the stream."""
        return self._page(LAST)

    def _page(self, flags: int) -> bytes:
        self.position += self._held_ticks
        page = build_page(
            self._held,
            position=self.position,
            serial=self._serial,
            number=self._number,
            flags=flags,
        )
        self._number += 1
        self._held.clear()
        self._held_segments = self._held_ticks = 0
        return page


def _packets(data: bytes | memoryview, at: int, lacing: bytes) -> Iterator[bytes]:
    start = at
    for value in lacing:
        at += value
        if value < 255:
            yield bytes(data[start:at])
            start = at


def _sealed(page: bytearray) -> bytes:
    page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = bytes(4)
    page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = checksum(page).to_bytes(4, "little")
    return bytes(page)
