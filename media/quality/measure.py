"""What one stream measured in a tick: counters of settled packets, jitter, round trip."""

from dataclasses import dataclass

SETTLE_NS = 200_000_000
"""How long a gap may stay open: the recorder's reorder time, about a jitter buffer."""

# RFC 3550 appendix A.1: farther apart is another run of numbers, not loss or reordering.
MAX_DROPOUT = 3000
MAX_MISORDER = 100
# Two full dropouts; a sender that leaves more gaps open within a tick is not worth the memory.
_MAX_OPEN = 2 * MAX_DROPOUT


@dataclass(frozen=True, slots=True)
class Bucket:
    """Counters of one tick.

    Attributes:
        received: Packets settled as received in order.
        recovered: Packets that came late or retransmitted, within the deadline.
        lost: Packets settled as lost.
        jitter_ms: Highest interarrival jitter in the tick (RFC 3550 section 6.4.1).
        restarted: The stream began a new run of sequence numbers; earlier ticks do not compare.
        sent: Packets sent in the tick, of a stream whose fate rare reports tell in lumps; None
            where every tick settles its own packets.
    """

    received: int = 0
    recovered: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    restarted: bool = False
    sent: int | None = None

    @property
    def arrived(self) -> int:
        """Packets that reached us."""
        return self.received + self.recovered

    @property
    def settled(self) -> int:
        """Packets whose fate is known."""
        return self.received + self.recovered + self.lost

    @property
    def flowed(self) -> int:
        """Packets of the tick as far as a packet rate is concerned."""
        return self.settled if self.sent is None else self.sent

    def plus(self, other: "Bucket") -> "Bucket":
        """Two streams of one direction seen as one: counts added, the worse jitter."""
        return Bucket(
            self.received + other.received,
            self.recovered + other.recovered,
            self.lost + other.lost,
            max(self.jitter_ms, other.jitter_ms),
            self.restarted or other.restarted,
            None if self.sent is None and other.sent is None else self.flowed + other.flowed,
        )


class StreamMeter:
    """Measures one incoming stream, identified by its SSRC.

    A number is settled as received when it advances the stream, as recovered when it fills a gap
    within 200 ms, as lost when it does not. Duplicates and numbers from before the first are
    ignored.

    Args:
        clock_rate: RTP clock in Hz.
    """

    __slots__ = (
        "_arrival",
        "_jitter",
        "_lost",
        "_next",
        "_open",
        "_peak",
        "_received",
        "_recovered",
        "_restarted",
        "_second",
        "_suspect",
        "_ticks_per_ns",
        "_timestamp",
        "late",
    )

    def __init__(self, clock_rate: int) -> None:
        self._second = float(clock_rate)
        self._ticks_per_ns = clock_rate / 1e9
        self._next = -1  # sequence number that would be in order; -1 before the first packet
        self._suspect = -1
        self._open: dict[int, int] = {}  # missing number -> deadline in ns, oldest first
        self._arrival = 0
        self._timestamp = 0
        self._jitter = 0.0  # in RTP ticks
        self._peak = 0.0
        self._received = self._recovered = self._lost = 0
        self._restarted = False
        self.late = 0
        """Packets that came after they were given up, in all."""

    def packet(self, arrival_ns: int, sequence: int, timestamp: int) -> None:
        """Count one packet.

        Args:
            arrival_ns: Monotonic nanoseconds, taken when the datagram was read.
            sequence: 16-bit RTP sequence number; of the original when retransmitted.
            timestamp: 32-bit RTP timestamp.
        """
        if sequence != self._next and not self._advances(arrival_ns, sequence, timestamp):
            return
        self._next = (sequence + 1) & 0xFFFF
        self._received += 1
        step = ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        drift = abs((arrival_ns - self._arrival) * self._ticks_per_ns - step)
        if step:
            self._arrival = arrival_ns
        self._timestamp = timestamp
        # Beyond a second the sender paused and its clock jumped; the packets of one picture are
        # spread over time on purpose, which is no jitter.
        if step and drift <= self._second:
            jitter = self._jitter + (drift - self._jitter) * 0.0625  # RFC 3550 appendix A.8
            self._jitter = jitter
            if jitter > self._peak:  # noqa: PLR1730 - per packet, and max() costs a call
                self._peak = jitter

    def settle(self, now_ns: int) -> Bucket:
        """The counters since the last call; gaps older than the deadline are lost by now."""
        still_open = self._open
        while still_open:
            oldest = next(iter(still_open))
            if still_open[oldest] > now_ns and len(still_open) <= _MAX_OPEN:
                break
            del still_open[oldest]
            self._lost += 1
        bucket = Bucket(
            self._received,
            self._recovered,
            self._lost,
            self._peak * 1000.0 / self._second,
            self._restarted,
        )
        self._received = self._recovered = self._lost = 0
        self._peak = 0.0
        self._restarted = False
        return bucket

    def _advances(self, arrival_ns: int, sequence: int, timestamp: int) -> bool:
        """Handle whatever is not simply next; True when the packet is the new head."""
        if self._next < 0:
            self._begin(arrival_ns, timestamp)
            return True
        ahead = ((sequence - self._next + 0x8000) & 0xFFFF) - 0x8000
        if ahead > MAX_DROPOUT:
            self._restart(arrival_ns, timestamp)
        elif ahead >= 0:
            deadline = arrival_ns + SETTLE_NS
            for missing in range(self._next, self._next + ahead):
                self._open[missing & 0xFFFF] = deadline
        else:
            return self._late(arrival_ns, sequence, timestamp, behind=-ahead - 1)
        return True

    def _late(self, arrival_ns: int, sequence: int, timestamp: int, *, behind: int) -> bool:
        """A number behind the head; True when it begins a new run."""
        deadline = self._open.pop(sequence, None)
        if deadline is not None:
            self._fill(in_time=arrival_ns <= deadline)
        elif behind > MAX_MISORDER:
            return self._behind(arrival_ns, sequence, timestamp)
        return False

    def _fill(self, *, in_time: bool) -> None:
        if in_time:
            self._recovered += 1
        else:
            self._lost += 1
            self.late += 1

    def _behind(self, arrival_ns: int, sequence: int, timestamp: int) -> bool:
        """A number from far back: two in a row are a new run, a single one is a straggler."""
        if sequence != self._suspect:
            self._suspect = (sequence + 1) & 0xFFFF
            self.late += 1
            return False
        self.late -= 1
        self._restart(arrival_ns, timestamp)
        self._received = 1  # the first of the run, taken for a straggler
        return True

    def _begin(self, arrival_ns: int, timestamp: int) -> None:
        self._arrival = arrival_ns
        self._timestamp = timestamp
        self._jitter = self._peak = 0.0

    def _restart(self, arrival_ns: int, timestamp: int) -> None:
        self._begin(arrival_ns, timestamp)
        self._open.clear()
        self._received = self._recovered = self._lost = 0
        self._suspect = -1
        self._restarted = True


class ReportMeter:
    """Measures one outgoing stream by its listener's receiver reports (RFC 3550 section 6.4.1).

    Args:
        clock_rate: RTP clock in Hz.
    """

    __slots__ = (
        "_expected",
        "_gaps",
        "_highest",
        "_jitter",
        "_lost",
        "_lost_seen",
        "_owed",
        "_rate",
        "_sent",
    )

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._highest: int | None = None
        self._lost_seen = 0
        self._gaps = 0
        self._expected = 0
        self._lost = 0
        self._jitter = 0
        self._owed = 0  # counted as lost, and arrived after all
        self._sent = 0

    def report(self, highest: int, cumulative_lost: int, jitter: int, gaps: int = 0) -> None:
        """Take one report block; the first is the base line.

        Args:
            highest: Extended highest sequence number received, 32 bits.
            cumulative_lost: Cumulative number of packets lost, 24 bits as on the wire.
            jitter: Interarrival jitter in RTP ticks.
            gaps: Numbers skipped so far because the source never delivered them to us: the
                listener is not charged for the speaker's uplink.
        """
        if self._highest is not None:
            step = (highest - self._highest) & 0xFFFFFFFF
            if step >= 0x80000000:  # an old report, overtaken on its way
                return
            skipped = max(0, gaps - self._gaps)
            lost = ((cumulative_lost - self._lost_seen + 0x800000) & 0xFFFFFF) - 0x800000
            # Overtaken packets count as lost until they arrive, and a later report takes it back.
            paid = min(lost, self._owed)
            self._owed -= paid
            lost -= paid
            expected = max(0, step - skipped)
            self._expected += expected
            self._lost += min(expected, max(0, lost - skipped))
            self._jitter = max(self._jitter, jitter)
        self._highest = highest
        self._lost_seen = cumulative_lost
        self._gaps = gaps

    def settle(self, sent: int | None = None) -> Bucket:
        """The counters of the reports since the last call; none settled when none came.

        Args:
            sent: Packets sent so far, 32 bits; None when nobody counts them.
        """
        flowed = None
        if sent is not None:
            flowed, self._sent = (sent - self._sent) & 0xFFFFFFFF, sent
        bucket = Bucket(
            self._expected - self._lost,
            0,
            self._lost,
            self._jitter * 1000.0 / self._rate,
            sent=flowed,
        )
        self._expected = self._lost = self._jitter = 0
        return bucket


def round_trip_ms(arrival: int, last_sender_report: int, delay: int) -> float | None:
    """Round trip from a report block (RFC 3550 section 6.4.1), all in 1/65536 s modulo 2**32.

    Args:
        arrival: When the report arrived, on the clock that stamps our sender reports.
        last_sender_report: LSR of the block, 0 when the peer has had none.
        delay: DLSR of the block.

    Returns:
        None when it cannot be told or the figures contradict each other.
    """
    if not last_sender_report:
        return None
    trip = (arrival - last_sender_report - delay) & 0xFFFFFFFF
    return None if trip >= 0x80000000 else trip * 1000.0 / 65536.0
