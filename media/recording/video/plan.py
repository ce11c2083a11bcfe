"""What is to be written for the packets of one camera or screen; pure.

A fold like that of sound, and simpler: a picture stands until the next one comes, so nothing is
filled in. A file begins with a key frame and holds pictures of one size from one RTP stream; what
was lost up to the next key frame is left out and listed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from media.recording.reorder import Arrived, Released, ReorderBuffer
from media.recording.video.frames import Format, Frame, FrameAssembler

TICKS_PER_SECOND = 90_000
"""RTP clock of every video format (RFC 7741 section 4.1, RFC 6184 section 8.2.1)."""
WAIT_NS = 1_000_000_000
"""How long a retransmission is waited for: five requests over a round trip of 200 ms."""
WAITING = 1500
"""Packets behind a hole; a second at 14 Mb/s."""
IDLE_NS = 5_000_000_000
"""Without pictures for this long the file ends: a still screen is sent again once a second."""
AHEAD_NS = 1_000_000_000
"""Timestamps that run ahead of their arrival by more than this are another time line."""
BEHIND_NS = 2_000_000_000
BEHIND_FOR_NS = 5_000_000_000
"""Pictures that stay so far behind their time for so long: the sender's clock stood still."""
USUAL_STEP = TICKS_PER_SECOND // 30
LONGEST_STEP = TICKS_PER_SECOND // 5
"""How long the last picture before a long silence is shown at most."""
MAX_GAPS = 5000
_SECOND_NS = 1_000_000_000


class Reason(StrEnum):
    """Why a file begins."""

    START = "start"
    RECONNECT = "reconnect"
    SSRC = "ssrc"
    LAYER = "layer"
    FORMAT = "format"
    CLOCK_JUMP = "clock_jump"
    OVERLOAD = "overload"
    WRITE_ERROR = "write_error"
    RESUME = "resume"
    PAUSE = "pause"


class Cause(StrEnum):
    """Why pictures are missing."""

    LOSS = "loss"
    MUTED = "muted"


@dataclass(slots=True)
class Gap:
    """A stretch whose pictures are missing, in ticks from the file's first."""

    at: int
    ticks: int
    cause: Cause


@dataclass(slots=True)
class Counters:
    """What happened to the packets and pictures of one file."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    dropped: int = 0
    frames: int = 0
    broken: int = 0
    gaps: list[Gap] = field(default_factory=list)
    gaps_omitted: int = 0


@dataclass(frozen=True, slots=True)
class NewFile:
    """Begin a file; the next write is its first picture.

    Attributes:
        reason: Why.
        format: Of all its pictures.
        ssrc: Of the stream that they come from.
        arrival_ns: When its first packet came.
        counters: Filled in while it is written.
    """

    reason: Reason
    format: Format
    ssrc: int
    arrival_ns: int
    counters: Counters


@dataclass(frozen=True, slots=True)
class Picture:
    """Write one frame.

    Attributes:
        data: As the file wants it.
        position: Ticks from the file's first frame.
        key: A decoder can start with it.
        arrival_ns: When its first packet came.
    """

    data: bytes
    position: int
    key: bool
    arrival_ns: int


@dataclass(frozen=True, slots=True)
class EndFile:
    """End the file at this position."""

    position: int


Write: TypeAlias = NewFile | Picture | EndFile


class VideoPlan:
    """Decides what is written for one source, over all RTP streams that carry it in turn.

    Args:
        codec: MIME type in lower case, one of `frames.CODECS`.
        ssrc: The first stream.
        reason: Why its first file begins.
    """

    def __init__(self, codec: str, ssrc: int, reason: Reason) -> None:
        self._reason = reason
        self._file: _File | None = None
        self._counters = Counters()
        self._cause = Cause.LOSS
        self._hole = False  # pictures were left out since the last one
        self._begin_stream(codec, ssrc)

    @property
    def wanting(self) -> bool:
        """Whether nothing can be stored before a key frame."""
        return self._assembler.wanting or self._file is None

    def packet(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, *, marker: bool
    ) -> list[Write]:
        """Take one packet of the current stream, in any order."""
        if self._reorder.follow(sequence):  # almost every one
            return self._feed(arrival_ns, timestamp, payload, marker=marker)
        arrived = Arrived(arrival_ns, timestamp, payload, 0, stored=True, marker=marker)
        return self._take(self._reorder.put(sequence, arrived))

    def tick(self, now_ns: int) -> list[Write]:
        """Let time pass: give up holes, end a file to which no picture comes any more."""
        writes = self._take(self._reorder.expire(now_ns))
        if self._file is not None and now_ns - self._file.arrival_ns >= IDLE_NS:
            writes += self._end(self._file.rest(), Reason.PAUSE)
        return writes

    def withhold(self) -> None:
        """Pictures from here on are kept back on purpose; the next one stored is a key frame."""
        self._reorder = ReorderBuffer(WAIT_NS, WAITING)
        self._assembler.lost()
        self._hole, self._cause = True, Cause.MUTED

    def turn(self, at_ns: int, codec: str, ssrc: int, reason: Reason) -> list[Write]:
        """The source goes on in another stream; the last picture is shown for its usual time.

        The first packet of the next stream may have taken longer, and the next file's place is
        told by the fastest: up to that packet the two files would overlap.
        """
        writes = self.interrupt(at_ns, reason, rest=True)
        self._begin_stream(codec, ssrc)
        return writes

    def interrupt(
        self, at_ns: int, reason: Reason, dropped: int = 0, *, rest: bool = False
    ) -> list[Write]:
        """End the file here; the next key frame begins another for this reason.

        Args:
            at_ns: The moment up to which the last picture is shown.
            reason: Why the next file begins.
            dropped: Packets that never reached the plan.
            rest: Show the last picture no longer than the ones before.
        """
        writes = self._take(self._reorder.flush())
        self._reorder = ReorderBuffer(WAIT_NS, WAITING)
        self._assembler.lost()
        if self._file is not None:
            end = self._file.position_at(at_ns)
            writes += self._end(min(end, self._file.rest()) if rest else end, reason)
        self._reason = reason
        self._counters.dropped += dropped
        return writes

    def position_of(self, timestamp: int) -> int | None:
        """An RTP timestamp counted from the file's first; None without a file."""
        return None if self._file is None else self._file.position(timestamp)

    def _begin_stream(self, codec: str, ssrc: int) -> None:
        self._ssrc = ssrc
        self._reorder = ReorderBuffer(WAIT_NS, WAITING)
        self._assembler = FrameAssembler(codec)
        self._broken = 0

    def _take(self, released: Iterable[Released]) -> list[Write]:
        writes: list[Write] = []
        for one in released:
            packet = one.packet
            if one.missing or one.reset:
                self._counters.lost += one.missing
                self._assembler.lost()
                self._note_loss()
            writes += self._feed(
                packet.arrival_ns, packet.timestamp, packet.payload, marker=packet.marker
            )
        self._counters.late = self._reorder.late
        self._counters.duplicate = self._reorder.duplicate
        return writes

    def _feed(
        self, arrival_ns: int, timestamp: int, payload: bytes, *, marker: bool
    ) -> list[Write]:
        """Take the packet whose turn it is."""
        assembler = self._assembler
        broken = assembler.broken
        self._counters.received += 1
        writes: list[Write] = []
        for frame in assembler.packet(timestamp, arrival_ns, payload, marker=marker):
            writes += self._store(frame)
        if assembler.broken > broken:
            self._note_loss()
        self._counters.broken = assembler.broken - self._broken
        return writes

    def _note_loss(self) -> None:
        if not self._hole:
            self._hole, self._cause = True, Cause.LOSS

    def _store(self, frame: Frame) -> list[Write]:
        file, writes = self._file, list[Write]()
        if file is not None:
            reason = file.ended_by(frame)
            if reason is not None:
                known = reason is Reason.FORMAT  # on the same time line
                end = (
                    file.position(frame.timestamp) if known else file.position_at(frame.arrival_ns)
                )
                writes = self._end(max(end, file.last + 1), reason)
                file = None
        if file is None:
            if frame.format is None:  # a time line ended without a key frame
                self._assembler.lost()
                return writes
            return [*writes, *self._begin(frame, frame.format)]
        position = file.position(frame.timestamp)
        if self._hole:
            self._hole = False
            self._list(Gap(file.last, position - file.last, self._cause))
        return [*writes, self._picture(file, frame, position)]

    def _begin(self, frame: Frame, form: Format) -> list[Write]:
        file = self._file = _File(frame.timestamp, form)
        self._hole = False
        new = NewFile(self._reason, form, self._ssrc, frame.arrival_ns, self._counters)
        return [new, self._picture(file, frame, 0)]

    def _picture(self, file: "_File", frame: Frame, position: int) -> Picture:
        file.take(position, frame.arrival_ns)
        self._counters.frames += 1
        return Picture(frame.data, position, frame.format is not None, frame.arrival_ns)

    def _end(self, position: int, reason: Reason) -> list[Write]:
        self._file = None
        self._counters = Counters()
        self._reorder.late = self._reorder.duplicate = 0
        self._broken = self._assembler.broken
        self._reason = reason
        return [EndFile(position)]

    def _list(self, gap: Gap) -> None:
        if len(self._counters.gaps) < MAX_GAPS:
            self._counters.gaps.append(gap)
        else:
            self._counters.gaps_omitted += 1


class _File:
    """One file's time line.

    Attributes:
        last: Position of its last picture.
        arrival_ns: When that came.
    """

    def __init__(self, timestamp: int, form: Format) -> None:
        self.last = 0
        self.arrival_ns = 0
        self._format = form
        self._first = timestamp
        self._step = USUAL_STEP
        self._fastest_ns: int | None = None  # arrival less position, of the fastest picture
        self._behind_since: int | None = None

    def position(self, timestamp: int) -> int:
        """The position of an RTP timestamp near the last one."""
        step = (timestamp - self._first - self.last) & 0xFFFF_FFFF
        return self.last + (step - (1 << 32) if step >= 1 << 31 else step)

    def ended_by(self, frame: Frame) -> Reason | None:
        """Why this frame cannot stand in the same file; None when it can."""
        if frame.format is not None and frame.format != self._format:
            return Reason.FORMAT
        position = self.position(frame.timestamp)
        lag_ns = frame.arrival_ns - _ns(position) - self._base_ns()
        if lag_ns < BEHIND_NS:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = frame.arrival_ns
        stays = self._behind_since is not None and (
            frame.arrival_ns - self._behind_since > BEHIND_FOR_NS
        )
        if position <= self.last or lag_ns < -AHEAD_NS or stays:
            return Reason.CLOCK_JUMP
        return None

    def take(self, position: int, arrival_ns: int) -> None:
        """A picture took its place."""
        if position:
            self._step = min(position - self.last, LONGEST_STEP)
        self.last, self.arrival_ns = position, arrival_ns
        base = arrival_ns - _ns(position)
        if self._fastest_ns is None or base < self._fastest_ns:
            self._fastest_ns = base

    def rest(self) -> int:
        """Where the last picture ends when nothing follows it."""
        return self.last + self._step

    def position_at(self, now_ns: int) -> int:
        """Up to where the last picture is shown when the file ends at this moment."""
        if now_ns - self.arrival_ns >= IDLE_NS:
            return self.rest()
        reached = (now_ns - self._base_ns()) * TICKS_PER_SECOND // _SECOND_NS
        return max(reached, self.last + 1)

    def _base_ns(self) -> int:
        return self._fastest_ns or 0


def _ns(ticks: int) -> int:
    return ticks * _SECOND_NS // TICKS_PER_SECOND
