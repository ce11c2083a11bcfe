"""Per-slot rewriting: whatever track a slot carries, its listener sees one unbroken stream.

Offsets are chosen once, when a track takes the slot, and added to every packet after that. A
track's *forward number* is its extended sequence number less the packets that were gated, so one
subtraction per packet serves every listener (RFC 3550 section 2.3, RFC 7667 section 3.7).
"""

MASK16 = 0xFFFF
MASK32 = 0xFFFFFFFF
PICTURE_MASK = 0x7FFF  # RFC 7741 section 4.2: the wide picture id


class Progress:
    """What a track has forwarded last; slots continue from here when it leaves them.

    Attributes:
        number: Highest forward number.
        timestamp: RTP timestamp of that packet, as received.
        at_ns: Monotonic nanoseconds when it was forwarded.
        packets: Packets forwarded so far, for sender reports.
        octets: Payload bytes forwarded so far.
        picture_id: VP8 picture id of that packet, None when the stream has none.
        tl0picidx: VP8 TL0PICIDX of that packet, None when the stream has none.
    """

    __slots__ = ("at_ns", "number", "octets", "packets", "picture_id", "timestamp", "tl0picidx")

    def __init__(self) -> None:
        self.number = 0
        self.timestamp = 0
        self.at_ns = 0
        self.packets = 0
        self.octets = 0
        self.picture_id: int | None = None
        self.tl0picidx: int | None = None

    @property
    def holes(self) -> int:
        """Forward numbers without a packet: lost on the way to us."""
        return self.number - self.packets


class Rewriter:
    """The offsets of one slot of one listener.

    Args:
        sequence: First sequence number to send; below 16384, so that the peer's SRTP estimate of
            the roll-over counter cannot start on the wrong side of a wrap (RFC 3711 section 3.3.1).
        timestamp: First timestamp to send.
        clock_rate: RTP clock in Hz.
    """

    __slots__ = (
        "_at_ns",
        "_clock_rate",
        "_holes",
        "_next_picture",
        "_next_sequence",
        "_next_timestamp",
        "_next_tl0",
        "_octets",
        "_packets",
        "first_number",
        "picture_offset",
        "repair_sequence",
        "sequence_offset",
        "timestamp_offset",
        "tl0_offset",
    )

    def __init__(self, *, sequence: int, timestamp: int, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._next_sequence = sequence & MASK16
        self._next_timestamp = timestamp & MASK32
        self._next_picture = 0
        self._next_tl0 = 0
        self._at_ns: int | None = None
        self._packets = 0
        self._octets = 0
        self._holes = 0
        self.first_number = 0
        self.repair_sequence = self._next_sequence  # of the retransmissions, another stream
        self.sequence_offset = 0
        self.timestamp_offset = 0
        self.picture_offset = 0
        self.tl0_offset = 0

    def begin(
        self,
        *,
        number: int,
        timestamp: int,
        at_ns: int,
        picture_id: int | None,
        tl0picidx: int | None,
        progress: Progress,
    ) -> None:
        """Choose the offsets so that the packet described continues what the slot sent before.

        The timestamp advances by the wall-clock time since the slot's last packet, so that the
        listener's jitter buffer sees a pause and not a jump.
        """
        after = self._next_timestamp
        if self._at_ns is not None:
            elapsed = (at_ns - self._at_ns) * self._clock_rate // 1_000_000_000
            after += max(elapsed, self._clock_rate // 100)
        self.first_number = number
        self.sequence_offset = (self._next_sequence - number) & MASK16
        self.timestamp_offset = (after - timestamp) & MASK32
        self.picture_offset = (self._next_picture - (picture_id or 0)) & PICTURE_MASK
        self.tl0_offset = (self._next_tl0 - (tl0picidx or 0)) & 0xFF
        self._packets -= progress.packets
        self._octets -= progress.octets
        self._holes -= progress.holes

    def end(self, progress: Progress) -> None:
        """Remember where the track left the slot, for the next one to continue."""
        self._next_sequence = (progress.number + self.sequence_offset + 1) & MASK16
        self._next_timestamp = (progress.timestamp + self.timestamp_offset) & MASK32
        self._at_ns = progress.at_ns
        self._next_picture = ((progress.picture_id or 0) + self.picture_offset + 1) & PICTURE_MASK
        self._next_tl0 = ((progress.tl0picidx or 0) + self.tl0_offset + 1) & 0xFF
        self._packets += progress.packets
        self._octets += progress.octets
        self._holes += progress.holes

    def sent(self, progress: Progress) -> tuple[int, int]:
        """Packets and payload bytes that the slot has sent, while `progress` is its track's."""
        return (self._packets + progress.packets) & MASK32, (
            self._octets + progress.octets
        ) & MASK32

    def octets(self, progress: Progress | None) -> int:
        """Payload bytes sent in all; `progress` is that of the stream that feeds the slot now."""
        return self._octets + (progress.octets if progress is not None else 0)

    def packets(self, progress: Progress | None) -> int:
        """Packets sent in all; `progress` as in `octets`."""
        return self._packets + (progress.packets if progress is not None else 0)

    def holes(self, progress: Progress | None) -> int:
        """Sequence numbers that the slot skipped because the publisher's packets never came."""
        return max(0, self._holes + (progress.holes if progress is not None else 0))

    def number_of(self, sequence: int, progress: Progress) -> int | None:
        """The forward number that the slot sent as `sequence`; None for another track's."""
        number = progress.number - ((progress.number + self.sequence_offset - sequence) & MASK16)
        return number if number >= self.first_number else None
