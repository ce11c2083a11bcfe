"""RTCP as the plane speaks it: compounds read into plain facts, and compounds written.

RFC 3550 section 6, RFC 4585 (feedback), RFC 5104 section 4.3.1 (FIR), REMB
(draft-alvestrand-rmcat-remb). Unknown packet types are skipped.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206

_GENERIC_NACK = 1
_PICTURE_LOSS = 1
_FULL_INTRA = 4
_APPLICATION = 15
_TRANSPORT_WIDE = 15
_CNAME = 1
_MAX_PACKETS = 64  # a datagram of 1500 bytes with more than this many is made to annoy

_HEADER = struct.Struct("!BBH")
_REPORT = struct.Struct("!LLLLLL")
_SENDER = struct.Struct("!LQLLL")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one stream (RFC 3550 section 6.4.1).

    Attributes:
        ssrc: The stream.
        fraction_lost: Since the last report, in 1/256.
        packets_lost: Cumulative, may be negative.
        highest: Extended highest sequence number received.
        jitter: In RTP clock ticks.
        last_report: Middle 32 bits of the NTP time of the last sender report, 0 if none.
        delay: Since that report, in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A sender's clock pair and counters."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int


@dataclass(frozen=True, slots=True)
class Nack:
    """16-bit sequence numbers that a receiver misses."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR for a stream."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a receiver thinks that the path to it takes (REMB), in bits a second."""

    bits_per_second: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Streams that end."""

    ssrcs: tuple[int, ...]


Fact = ReportBlock | SenderReport | Nack | KeyframeRequest | Estimate | Goodbye


def parse(compound: bytes) -> list[Fact]:
    """Read a decrypted compound.

    Raises:
        ValueError: It is truncated or a length in it is impossible.
    """
    facts: list[Fact] = []
    for kind, count, body in _packets(compound):
        try:
            facts.extend(_read(kind, count, body))
        except struct.error as error:
            raise ValueError("RTCP packet is truncated") from error
    return facts


def _packets(compound: bytes) -> Iterator[tuple[int, int, bytes]]:
    at, size = 0, len(compound)
    for _ in range(_MAX_PACKETS):
        if at == size:
            return
        if at + 4 > size:
            raise ValueError("RTCP packet is truncated")
        first, kind, words = _HEADER.unpack_from(compound, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > size:
            raise ValueError("RTCP packet is truncated or of another version")
        stop = end
        if first & 0x20:
            padding = compound[end - 1]
            if not 0 < padding <= end - at - 4:
                raise ValueError("RTCP padding is longer than its packet")
            stop -= padding
        yield kind, first & 0x1F, compound[at + 4 : stop]
        at = end
    raise ValueError("RTCP compound has too many packets")


def _read(kind: int, count: int, body: bytes) -> Iterator[Fact]:
    if kind == SENDER_REPORT:
        ssrc, ntp, rtp_timestamp, packets, _ = _SENDER.unpack_from(body)
        yield SenderReport(ssrc, ntp, rtp_timestamp, packets)
        yield from _report_blocks(body, 24, count)
    elif kind == RECEIVER_REPORT:
        yield from _report_blocks(body, 4, count)
    elif kind == GOODBYE:
        yield Goodbye(struct.unpack_from(f"!{count}L", body))
    elif kind == TRANSPORT_FEEDBACK and count == _GENERIC_NACK:
        yield _read_nack(body)
    elif kind == PAYLOAD_FEEDBACK and count == _PICTURE_LOSS:
        yield KeyframeRequest(struct.unpack_from("!LL", body)[1])
    elif kind == PAYLOAD_FEEDBACK and count == _FULL_INTRA:
        for at in range(8, len(body) - 7, 8):
            yield KeyframeRequest(struct.unpack_from("!L", body, at)[0])
    elif kind == PAYLOAD_FEEDBACK and count == _APPLICATION and body[8:12] == b"REMB":
        _, second, low = struct.unpack_from("!BBH", body, 12)
        yield Estimate(((second & 0x03) << 16 | low) << (second >> 2))


def _report_blocks(body: bytes, at: int, count: int) -> Iterator[ReportBlock]:
    for index in range(count):
        ssrc, loss, highest, jitter, last, delay = _REPORT.unpack_from(body, at + 24 * index)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:
            lost -= 1 << 24
        yield ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last, delay)


def _read_nack(body: bytes) -> Nack:
    ssrc = struct.unpack_from("!LL", body)[1]
    sequences: list[int] = []
    for at in range(8, len(body) - 3, 4):
        first, more = struct.unpack_from("!HH", body, at)
        sequences.append(first)
        sequences.extend((first + bit + 1) & 0xFFFF for bit in range(16) if more >> bit & 1)
    return Nack(ssrc, tuple(sequences))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    """A receiver report of at most 31 blocks."""
    body = struct.pack("!L", ssrc)
    for block in blocks[:31]:
        loss = (block.fraction_lost & 0xFF) << 24 | min(block.packets_lost, 0x7FFFFF) & 0xFFFFFF
        body += _REPORT.pack(
            block.ssrc, loss, block.highest, block.jitter, block.last_report, block.delay
        )
    return _packet(RECEIVER_REPORT, min(len(blocks), 31), body)


def sender_report(ssrc: int, ntp: int, rtp_timestamp: int, packets: int, octets: int) -> bytes:
    """A sender report without blocks; counters modulo 2**32."""
    body = _SENDER.pack(ssrc, ntp, rtp_timestamp, packets, octets)
    return _packet(SENDER_REPORT, 0, body)


def source_description(ssrc: int, cname: bytes) -> bytes:
    """A source description with one CNAME of at most 255 bytes."""
    chunk = struct.pack("!LBB", ssrc, _CNAME, len(cname)) + cname
    chunk += bytes(4 - len(chunk) % 4)  # at least one null octet ends the list
    return _packet(SOURCE_DESCRIPTION, 1, chunk)


def picture_loss(sender: int, media: int) -> bytes:
    """A picture loss indication (RFC 4585 section 6.3.1)."""
    return _packet(PAYLOAD_FEEDBACK, _PICTURE_LOSS, struct.pack("!LL", sender, media))


def nack(sender: int, media: int, sequences: Sequence[int]) -> bytes:
    """A generic NACK; `sequences` in sending order, modulo 2**16."""
    body = struct.pack("!LL", sender, media)
    first, more = -1, 0
    for sequence in sequences:
        bit = ((sequence - first) & 0xFFFF) - 1
        if first >= 0 and 0 <= bit < 16:
            more |= 1 << bit
            continue
        if first >= 0:
            body += struct.pack("!HH", first, more)
        first, more = sequence, 0
    if first >= 0:
        body += struct.pack("!HH", first, more)
    return _packet(TRANSPORT_FEEDBACK, _GENERIC_NACK, body)


def transport_feedback(sender: int, media: int, control: bytes) -> bytes:
    """Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1)."""
    body = struct.pack("!LL", sender, media) + control
    body += bytes(-len(body) % 4)  # the draft's own zero padding, without the padding bit
    return _packet(TRANSPORT_FEEDBACK, _TRANSPORT_WIDE, body)


def bitrate_limit(sender: int, bits_per_second: int, ssrcs: Sequence[int]) -> bytes:
    """REMB: the most that the sender of `ssrcs` may send in all."""
    exponent = max(0, bits_per_second.bit_length() - 18)
    mantissa = bits_per_second >> exponent
    body = struct.pack("!LL", sender, 0) + b"REMB"
    body += struct.pack("!BBH", len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    body += b"".join(struct.pack("!L", ssrc) for ssrc in ssrcs)
    return _packet(PAYLOAD_FEEDBACK, _APPLICATION, body)
