"""The log beside a track's files: when each packet came, and what the writer did meanwhile; pure.

A header of 32 bytes, then records of 24, all little-endian, only ever appended: a torn tail is cut
to whole records. Janus stores arrivals the same way; the sender's reports and the writer's own
moments are added, so that a manifest can be made again from the log alone.

Header: magic, version, first segment, SSRC, clock rate, and the recording's zero on the monotonic
clock (ns) and as a time of day (µs since 1970). Record: type, flags, length, RTP timestamp, moment
(monotonic ns), value. The value of a packet holds its TOC byte, its length in 2.5 ms and its
extended sequence number; that of a report its NTP time; that of a mark what the mark needs.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from media.rtp import opus

MAGIC = b"RTLG"
VERSION = 1
HEADER = struct.Struct("<4sHHIIQQ")
RECORD = struct.Struct("<BBHIQQ")
_pack = RECORD.pack

_RTP, _REPORT, _MARK = 0, 1, 2
_STORED, _EMPTY, _MALFORMED = 1, 2, 4
_SEQUENCE_BITS = 48
_WORD = 0xFFFF_FFFF


class MarkKind(IntEnum):
    """What the writer did."""

    BEGIN = 0
    """The stream begins; the value is the moment before which it ran already."""
    TICK = 1
    """Time passed while packets waited, or silence was written."""
    PAUSE = 2
    """Silence from here on; the end of the segment with detail `CUT`."""
    RESUME = 3
    OVERLOAD = 4
    """The queue was full; the value is how many packets were dropped."""
    FINISH = 5
    SKIPPED = 6
    """Packets up to the 16-bit number in the value came, held nothing and are not logged."""


CUT = 1
"""Detail of a pause that ends the segment; what came meanwhile is not in the log."""


class LogError(ValueError):
    """These bytes are no log of packets."""


@dataclass(frozen=True, slots=True)
class LogHeader:
    """Whose packets follow.

    Attributes:
        segment: Number of the first segment that they fill.
        ssrc: Their RTP stream.
        monotonic_ns: The recording's zero on the monotonic clock.
        utc_us: The same as microseconds since 1970.
    """

    segment: int
    ssrc: int
    monotonic_ns: int
    utc_us: int

    def encode(self) -> bytes:
        """As the first bytes of a log."""
        return HEADER.pack(
            MAGIC,
            VERSION,
            min(self.segment, 0xFFFF),
            self.ssrc & _WORD,
            opus.TICKS_PER_SECOND,
            self.monotonic_ns,
            self.utc_us,
        )


@dataclass(frozen=True, slots=True)
class LoggedPacket:
    """A packet without its sound: `payload` only codes the same length in the same mode."""

    arrival_ns: int
    sequence: int
    timestamp: int
    payload: bytes
    length: int
    stored: bool


@dataclass(frozen=True, slots=True)
class LoggedReport:
    """A sender report."""

    ntp: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the writer did at a moment; `detail` and `value` as its kind needs."""

    kind: MarkKind
    at_ns: int
    detail: int = 0
    value: int = 0


Entry: TypeAlias = LoggedPacket | LoggedReport | Mark


def packet_record(
    arrival_ns: int, sequence: int, timestamp: int, payload: bytes, *, stored: bool
) -> bytes:
    """The record of one packet; `sequence` may be extended."""
    flags, head, ticks = (_STORED if stored else 0), 0, 0
    if payload:
        head = payload[0]
        try:
            ticks = opus.packet_ticks(payload)
        except ValueError:
            flags |= _MALFORMED
    else:
        flags |= _EMPTY
    number = sequence & ((1 << _SEQUENCE_BITS) - 1)
    value = head << 56 | (ticks // opus.SMALLEST_TICKS) << _SEQUENCE_BITS | number
    return RECORD.pack(_RTP, flags, min(len(payload), 0xFFFF), timestamp, arrival_ns, value)


def plain_record(arrival_ns: int, number: int, timestamp: int, payload: bytes, ticks: int) -> bytes:
    """The record of a stored packet of known length, with its extended sequence number."""
    value = payload[0] << 56 | (ticks // opus.SMALLEST_TICKS) << _SEQUENCE_BITS | number
    return _pack(_RTP, _STORED, len(payload), timestamp, arrival_ns, value)


def report_record(ntp: int, timestamp: int) -> bytes:
    """The record of one sender report."""
    return RECORD.pack(_REPORT, 0, 0, timestamp, 0, ntp)


def mark_record(mark: Mark) -> bytes:
    """The record of something that the writer did."""
    return RECORD.pack(_MARK, mark.kind, mark.detail, 0, mark.at_ns, mark.value)


def whole_bytes(size: int) -> int:
    """How much of a log of that many bytes is whole: a header and whole records."""
    if size < HEADER.size:
        return 0
    return size - (size - HEADER.size) % RECORD.size


def read_header(data: bytes) -> LogHeader:
    """The header of a log.

    Raises:
        LogError: It has none, or one of another version.
    """
    if len(data) < HEADER.size:
        raise LogError("no whole header")
    magic, version, segment, ssrc, rate, monotonic_ns, utc_us = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION or rate != opus.TICKS_PER_SECOND:
        raise LogError("no log of Opus packets")
    return LogHeader(segment, ssrc, monotonic_ns, utc_us)


def read_entries(data: bytes) -> Iterator[Entry]:
    """Everything after the header that is whole; records of unknown types are left out."""
    for at in range(HEADER.size, whole_bytes(len(data)), RECORD.size):
        kind, flags, length, timestamp, moment_ns, value = RECORD.unpack_from(data, at)
        if kind == _RTP:
            number = value & ((1 << _SEQUENCE_BITS) - 1)
            payload = _stand_in(flags, value)
            stored = bool(flags & _STORED)
            yield LoggedPacket(moment_ns, number, timestamp, payload, length, stored)
        elif kind == _REPORT:
            yield LoggedReport(value, timestamp)
        elif kind == _MARK and flags in MarkKind.__members__.values():
            yield Mark(MarkKind(flags), moment_ns, length, value)


def _stand_in(flags: int, value: int) -> bytes:
    """A packet of the same mode and length, or one that is malformed like the original."""
    if flags & _EMPTY:
        return b""
    head, steps = value >> 56, value >> _SEQUENCE_BITS & 0xFF
    ticks = steps * opus.SMALLEST_TICKS
    if flags & _MALFORMED or not 0 < ticks <= opus.MAX_PACKET_TICKS:
        return bytes((head | 3,))  # several frames, and no byte that says how many
    return opus.concealment(head, ticks)[0]
