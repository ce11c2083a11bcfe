"""What is to be written for the packets of one track, so that every tick is accounted for; pure.

A fold: packets and the passing of time in, packets and fillers out. No gap is left bare, because a
file whose positions jump claims a length that it does not decode to (RFC 7845 section 4.1).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from media.recording.reorder import Arrived, Released, ReorderBuffer
from media.recording.timeline import Timeline
from media.rtp import opus

PRE_SKIP = 312
"""6.5 ms, the look-ahead of the Opus encoder in browsers."""
CONVERGED_TICKS = 3840
"""80 ms, after which a decoder that began in mid-stream sounds right (RFC 7845 section 5.1)."""
CONCEALED_TICKS = 5760
"""120 ms: after that, concealment has faded out anyway."""
DTX_TICKS = 20_160
"""420 ms: in a DTX pause encoders refresh every 400 ms (RFC 7587 section 3.1.3)."""
IDLE_NS = 2_000_000_000
"""Without packets for this long, silence is written as time passes."""
FILL_BEHIND_TICKS = 48_000
"""1 s: how far that silence stays behind the present, so that a late packet finds its place."""
JUMP_NS = 1_000_000_000
"""Timestamps and arrivals that part by more than this are not one time line."""
LISTED_TICKS = 2880
"""60 ms: longer fills are listed one by one."""
MAX_GAPS = 5000
"""Listed gaps in one segment; a sender that makes more only has them counted."""
STALL_NS = 250_000_000
"""A packet this much later than its timestamp says: the network stood still, or the sender."""
STALLED_NS = 150_000_000
"""Packets that stay this late: it was the sender. Changes of the path are smaller."""
HOLD_NS = 300_000_000
HELD = 250
"""How long, and how many packets, it takes at most to tell one from the other."""


class FillKind(StrEnum):
    """What stands in for missing audio."""

    CONCEALED = "concealed"
    DTX = "dtx"
    SILENCE = "silence"


class Cause(StrEnum):
    """Why audio is missing."""

    LOSS = "loss"
    PAUSE = "pause"
    PAUSED = "paused"
    END = "end"
    BREAK = "break"


class Reason(StrEnum):
    """Why a segment begins."""

    START = "start"
    RECONNECT = "reconnect"
    SSRC = "ssrc"
    CLOCK_JUMP = "clock_jump"
    RESET = "reset"
    OVERLOAD = "overload"
    WRITE_ERROR = "write_error"
    RESUME = "resume"


@dataclass(slots=True)
class Gap:
    """A stretch that holds no received audio, in ticks from the segment's first sample."""

    at: int
    ticks: int
    cause: Cause


@dataclass(slots=True)
class Counters:
    """What happened to one segment's packets, and what was filled in, in ticks."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    malformed: int = 0
    overlap: int = 0
    dropped: int = 0
    withheld: int = 0
    filled: dict[FillKind, int] = field(default_factory=lambda: dict.fromkeys(FillKind, 0))
    gaps: list[Gap] = field(default_factory=list)
    gaps_omitted: int = 0


@dataclass(frozen=True, slots=True)
class NewSegment:
    """End the current file and begin another with the next write.

    Attributes:
        reason: Why.
        timestamp: 32-bit RTP timestamp of its first sample.
        arrival_ns: When its first packet came.
        stereo: Whether its first packet codes two channels.
        counters: Filled in while the segment is written.
        pre_skip: Ticks that players leave out.
    """

    reason: Reason
    timestamp: int
    arrival_ns: int
    stereo: bool
    counters: Counters
    pre_skip: int = PRE_SKIP


class Packet(NamedTuple):
    """Write one received packet unchanged.

    Attributes:
        payload: The Opus packet.
        ticks: Its length.
        position: Its RTP timestamp, counted from the segment's first.
        arrival_ns: When it came.
    """

    payload: bytes
    ticks: int
    position: int
    arrival_ns: int


@dataclass(frozen=True, slots=True)
class Fill:
    """Write packets that stand in for missing ones.

    Attributes:
        kind: What they are.
        packets: Opus packets.
        ticks: Length of all of them.
    """

    kind: FillKind
    packets: tuple[bytes, ...]
    ticks: int


Write: TypeAlias = NewSegment | Packet | Fill


class TrackPlan:
    """Decides what is written for one RTP stream; never writes.

    Args:
        reason: Why its first segment begins.
        running_ns: When a first packet comes before this moment, its stream had been running
            before the recording, so what a cold decoder makes of its start is left out.

    Attributes:
        cursor: Ticks written in the current segment.
    """

    def __init__(self, reason: Reason = Reason.START, running_ns: int = 0) -> None:
        self.cursor = 0
        self._running_ns = running_ns
        self._reason = reason
        self._reorder = ReorderBuffer()
        self._segment: _Segment | None = None
        self._paused = False
        self._counters = Counters()

    @property
    def waiting(self) -> bool:
        """Whether packets wait, so that time alone may change something."""
        held = self._segment is not None and bool(self._segment.held)
        return held or self._reorder.waiting

    def packet(self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes) -> list[Write]:
        """Take one RTP packet of the stream, in any order."""
        try:
            ticks = opus.packet_ticks(payload) if payload else 0
        except ValueError:
            self._counters.malformed += 1
            return self.tick(arrival_ns)
        arrived = Arrived(arrival_ns, timestamp, payload, ticks, stored=not self._paused)
        return self._place_all(self._reorder.put(sequence, arrived))

    def skipped(self, sequence: int) -> list[Write]:
        """Packets up to this number held nothing: they are neither waited for nor lost."""
        return self._place_all(self._reorder.skip(sequence))

    def follow(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes
    ) -> tuple[int, int] | None:
        """Take a packet that simply goes on where the last one ended, as almost every one does.

        Does what `packet` would, without saying it.

        Returns:
            Position and ticks of the one packet that is to be written; None when it is not such
            a packet, and nothing was done.
        """
        segment = self._segment
        if segment is None or self._paused or not payload:
            return None
        if not segment.goes_on(self.cursor, timestamp, arrival_ns):
            return None
        try:
            ticks = opus.packet_ticks(payload)
        except ValueError:
            return None
        if not self._reorder.follow(sequence):
            return None
        position = segment.end
        segment.missing = 0
        segment.toc = payload[0]
        segment.follow(position, ticks, arrival_ns)
        self._counters.received += 1
        self.cursor += ticks
        return position, ticks

    @property
    def due_ns(self) -> int | None:
        """When time alone will change something; None for as long as only a packet can."""
        segment = self._segment
        if segment is None:
            return None
        late = segment.reached_ns(self.cursor + 2 * FILL_BEHIND_TICKS)
        return max(segment.arrival_ns + IDLE_NS, late)

    def tick(self, now_ns: int) -> list[Write]:
        """Let time pass: give up holes, and fill a long idle stretch up to a second ago."""
        writes = [*self._place_all(self._reorder.expire(now_ns)), *self._let_go(now_ns)]
        segment = self._segment
        if segment is None or segment.held or now_ns - segment.arrival_ns < IDLE_NS:
            return writes
        due = segment.position_at(now_ns) - FILL_BEHIND_TICKS - self.cursor
        if due >= FILL_BEHIND_TICKS:
            cause = Cause.PAUSED if self._paused else Cause.PAUSE
            writes += self._fill_idle(segment, due, cause)
        return writes

    def pause(self) -> None:
        """Store nothing of what arrives from now on; the time line goes on in silence."""
        self._paused = True

    def resume(self) -> None:
        """Store what arrives from now on."""
        self._paused = False

    def interrupt(self, now_ns: int, reason: Reason, dropped: int = 0) -> list[Write]:
        """End the segment here; the next packet begins another for this reason.

        Args:
            now_ns: The wall time of the break, up to which the segment is filled.
            reason: Why the next segment begins.
            dropped: Packets that never reached the plan.
        """
        writes = self._close(now_ns, Cause.BREAK)
        if self._segment is not None:
            self._segment, self._counters = None, Counters()
        self._counters.dropped += dropped
        self._reorder = ReorderBuffer()
        self._reason = reason
        return writes

    def finish(self, now_ns: int) -> list[Write]:
        """The track has ended: let go of what waits and fill up to that moment."""
        return self._close(now_ns, Cause.END)

    def position_of(self, timestamp: int) -> int | None:
        """An RTP timestamp counted from the segment's first; None before the first packet."""
        return None if self._segment is None else self._segment.position(timestamp)

    def _close(self, now_ns: int, cause: Cause) -> list[Write]:
        writes = self._place_all(self._reorder.flush())
        writes += self._let_go(now_ns, at_once=True)
        if self._segment is not None:
            writes += self._fill_end(self._segment, now_ns, cause)
        return writes

    def _place_all(self, released: list[Released]) -> list[Write]:
        writes: list[Write] = []
        for one in released:
            writes += self._hold_or_place(one)
        self._counters.late = self._reorder.late
        self._counters.duplicate = self._reorder.duplicate
        return writes

    def _hold_or_place(self, one: Released) -> list[Write]:
        """Place a packet, unless it must be seen first whether its sender had stood still."""
        segment, packet = self._segment, one.packet
        if segment is None:
            return self._place(one)
        if one.reset:
            return [*self._let_go(packet.arrival_ns, at_once=True), *self._place(one)]
        if not segment.held:
            position = segment.position(packet.timestamp)
            stall_ns = segment.stall_ns(position, packet.arrival_ns)
            if not packet.payload or stall_ns <= STALL_NS:
                return self._place(one)
        segment.held.append(one)
        return self._let_go(packet.arrival_ns, at_once=len(segment.held) >= HELD)

    def _let_go(self, now_ns: int, *, at_once: bool = False) -> list[Write]:
        """Place held packets once it is clear why they were late.

        After a stall of the network they come in a burst that ends on time; when the sender stood
        still, as a muted browser does, they stay late, and the time line catches up.
        """
        segment = self._segment
        if segment is None or not segment.held:
            return []
        if not at_once and now_ns - segment.held[0].packet.arrival_ns < HOLD_NS:
            return []
        held, segment.held = segment.held, []
        lag_ns = min(
            segment.lag_ns(segment.position(one.packet.timestamp), one.packet.arrival_ns)
            for one in held
            if one.packet.payload
        )
        if lag_ns > STALLED_NS:
            segment.catch_up(lag_ns, now_ns)
        return [write for one in held for write in self._place(one)]

    def _place(self, released: Released) -> list[Write]:
        packet, segment = released.packet, self._segment
        if not packet.payload:  # padding, or silence: it held its place, and tells the time
            if segment is not None:
                segment.missing += released.missing
                segment.tell_time(segment.position(packet.timestamp), packet.arrival_ns)
            return []
        if segment is None:
            return [*self._begin(packet), self._store(packet, 0)]
        position = segment.position(packet.timestamp)
        broken = self._break_reason(segment, released, position)
        if broken is not None:
            writes = self._fill_end(segment, packet.arrival_ns, Cause.BREAK)
            self._reason = broken
            return [*writes, *self._begin(packet), self._store(packet, 0)]
        segment.missing += released.missing
        self._counters.lost += released.missing
        if position - self.cursor <= -opus.SMALLEST_TICKS:
            self._counters.overlap += 1
            return []
        writes = self._fill_gap(segment, position)
        segment.take(packet, position)
        return [*writes, self._store(packet, position)]

    def _break_reason(self, segment: "_Segment", one: Released, position: int) -> Reason | None:
        """Why this packet cannot go on the same time line, or None when it can."""
        arrival_ns = one.packet.arrival_ns
        behind = position - self.cursor <= -opus.SMALLEST_TICKS
        stall_ns = segment.stall_ns(position, arrival_ns)
        if one.reset and (behind or abs(stall_ns) > JUMP_NS):
            return Reason.RESET
        overtaken = segment.early_ns(position, arrival_ns) > STALLED_NS
        behind_filler = behind and segment.open_gap is not None
        if stall_ns < -JUMP_NS or overtaken or behind_filler:
            return Reason.CLOCK_JUMP
        return None

    def _begin(self, packet: Arrived) -> list[Write]:
        if self._segment is not None:
            self._counters = Counters()
        self._reorder.late = self._reorder.duplicate = 0
        self.cursor = 0
        segment = _Segment(packet.timestamp)
        segment.take(packet, 0)
        self._segment = segment
        running = packet.arrival_ns < self._running_ns or self._reason is Reason.RESUME
        pre_skip = CONVERGED_TICKS if running else PRE_SKIP
        return [
            NewSegment(
                self._reason,
                packet.timestamp,
                packet.arrival_ns,
                opus.is_stereo(packet.payload[0]),
                self._counters,
                pre_skip,
            )
        ]

    def _store(self, packet: Arrived, position: int) -> Write:
        ticks = packet.ticks
        counters = self._counters
        counters.received += 1
        start, self.cursor = self.cursor, self.cursor + ticks
        if packet.stored:
            return Packet(packet.payload, ticks, position, packet.arrival_ns)
        counters.withheld += 1
        counters.filled[FillKind.SILENCE] += ticks
        self._list_gap(start, ticks, Cause.PAUSED)
        return Fill(FillKind.SILENCE, tuple(opus.silence(ticks)), ticks)

    def _fill_gap(self, segment: "_Segment", position: int) -> list[Write]:
        """Fill what lies between the cursor and a packet that goes on the same time line."""
        missing, segment.missing = segment.missing, 0
        gap, segment.open_gap = segment.open_gap, None
        ticks = _fillable(position - self.cursor)
        if gap is not None:  # silence was written while nothing came; now its cause is known
            if missing and gap.cause is Cause.PAUSE:
                gap.cause = Cause.LOSS
            gap.ticks += ticks
            return self._write(FillKind.SILENCE, opus.silence(ticks), ticks)
        if not ticks:
            return []
        start = self.cursor
        if missing:
            self._list_long(start, ticks, Cause.LOSS)
            first = min(ticks, CONCEALED_TICKS)
            faded = opus.concealment(segment.toc, first)
            rest = ticks - first
            return [
                *self._write(FillKind.CONCEALED, faded, first),
                *self._write(FillKind.SILENCE, opus.silence(rest), rest),
            ]
        if ticks <= DTX_TICKS:  # nothing is missing, so it is counted but not listed
            return self._write(FillKind.DTX, opus.concealment(segment.toc, ticks), ticks)
        self._list_long(start, ticks, Cause.PAUSE)
        return self._write(FillKind.SILENCE, opus.silence(ticks), ticks)

    def _fill_idle(self, segment: "_Segment", ticks: int, cause: Cause) -> list[Write]:
        ticks = _fillable(ticks)
        if segment.open_gap is None:
            segment.open_gap = Gap(self.cursor, 0, cause)
            self._keep(segment.open_gap)
        segment.open_gap.ticks += ticks
        return self._write(FillKind.SILENCE, opus.silence(ticks), ticks)

    def _fill_end(self, segment: "_Segment", now_ns: int, cause: Cause) -> list[Write]:
        """Fill up to the moment at which the segment ends, the decoder's pre-skip included."""
        ticks = _fillable(segment.position_at(now_ns) + PRE_SKIP - self.cursor)
        if segment.open_gap is not None:
            return self._fill_idle(segment, ticks, segment.open_gap.cause)
        if ticks <= CONCEALED_TICKS:  # the last packet's sound fades instead of breaking off
            return self._write(FillKind.CONCEALED, opus.concealment(segment.toc, ticks), ticks)
        self._list_long(self.cursor, ticks, cause)
        return self._write(FillKind.SILENCE, opus.silence(ticks), ticks)

    def _write(self, kind: FillKind, packets: list[bytes], ticks: int) -> list[Write]:
        if not ticks:
            return []
        self._counters.filled[kind] += ticks
        self.cursor += ticks
        return [Fill(kind, tuple(packets), ticks)]

    def _list_long(self, at: int, ticks: int, cause: Cause) -> None:
        if ticks > LISTED_TICKS:
            self._list_gap(at, ticks, cause)

    def _list_gap(self, at: int, ticks: int, cause: Cause) -> None:
        """List a gap, or lengthen the last one when it goes on."""
        last = self._counters.gaps[-1] if self._counters.gaps else None
        if last is not None and last.cause is cause and last.at + last.ticks == at:
            last.ticks += ticks
        else:
            self._keep(Gap(at, ticks, cause))

    def _keep(self, gap: Gap) -> None:
        if len(self._counters.gaps) < MAX_GAPS:
            self._counters.gaps.append(gap)
        else:
            self._counters.gaps_omitted += 1


class _Segment(Timeline):
    """A time line and what is not yet settled about it."""

    def __init__(self, timestamp: int) -> None:
        super().__init__(timestamp)
        self.toc = 0
        self.missing = 0
        self.open_gap: Gap | None = None
        self.held: list[Released] = []

    def goes_on(self, cursor: int, timestamp: int, arrival_ns: int) -> bool:
        """Whether a packet at this moment is undoubtedly what follows at the cursor."""
        return (
            timestamp == self.due_timestamp
            and -opus.SMALLEST_TICKS < self.end - cursor < opus.SMALLEST_TICKS
            and -JUMP_NS <= arrival_ns - self.arrival_ns <= STALL_NS
            and arrival_ns >= self.caught_until_ns
            and self.open_gap is None
            and not self.held
        )

    def take(self, packet: Arrived, position: int) -> None:
        """A packet took its place."""
        self.toc = packet.payload[0]
        self.follow(position, packet.ticks, packet.arrival_ns)


def _fillable(ticks: int) -> int:
    """The part of a gap that whole frames can fill; the rest is carried to the next one."""
    return max(0, ticks - ticks % opus.SMALLEST_TICKS)
