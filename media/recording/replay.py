"""What a log of packets says about the segments that were made of them; pure.

The same plan and the same clock model run again on the logged moments, so that the answer is the
one that the writer had.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from media.recording.align import SegmentClock
from media.recording.plan import NewSegment, Packet, Reason, TrackPlan, Write
from media.recording.rtplog import CUT, Entry, LoggedPacket, LoggedReport, Mark, MarkKind

REASONS = tuple(Reason)
"""A mark names the reason of a first segment by its place here; append only."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One segment: how it began (with its counters), and where it lies in time."""

    start: NewSegment
    clock: SegmentClock = field(default_factory=SegmentClock)


def replay(entries: Iterable[Entry]) -> list[Replayed]:
    """The segments of one log in order."""
    track = _Track()
    for entry in entries:
        track.take(entry)
    return track.segments


class _Track:
    """A track's writer without files."""

    def __init__(self) -> None:
        self.segments: list[Replayed] = []
        self._plan = TrackPlan()

    def take(self, entry: Entry) -> None:
        plan = self._plan
        match entry:
            case LoggedPacket(arrival_ns, sequence, timestamp, payload, _, stored):
                self._pause(paused=not stored)
                self._write(plan.packet(arrival_ns, sequence & 0xFFFF, timestamp, payload))
            case LoggedReport(ntp, timestamp):
                position = plan.position_of(timestamp)
                if self.segments and position is not None:
                    self.segments[-1].clock.report(ntp, position)
            case Mark():
                self._mark(entry)

    def _mark(self, mark: Mark) -> None:
        plan = self._plan
        match mark.kind:
            case MarkKind.BEGIN:
                reason = REASONS[mark.detail] if mark.detail < len(REASONS) else Reason.START
                self._plan = TrackPlan(reason, mark.value)
            case MarkKind.TICK:
                self._write(plan.tick(mark.at_ns))
            case MarkKind.PAUSE if mark.detail == CUT:
                self._write(plan.interrupt(mark.at_ns, Reason.RESUME))
            case MarkKind.PAUSE | MarkKind.RESUME:
                self._pause(paused=mark.kind is MarkKind.PAUSE)
            case MarkKind.OVERLOAD:
                self._write(plan.interrupt(mark.at_ns, Reason.OVERLOAD, mark.value))
            case MarkKind.SKIPPED:
                self._write(plan.skipped(mark.value & 0xFFFF))
            case MarkKind.FINISH:
                self._write(plan.finish(mark.at_ns))

    def _pause(self, *, paused: bool) -> None:
        if paused:
            self._plan.pause()
        else:
            self._plan.resume()

    def _write(self, writes: Iterable[Write]) -> None:
        for write in writes:
            if isinstance(write, NewSegment):
                self.segments.append(Replayed(write))
            elif isinstance(write, Packet) and self.segments:
                self.segments[-1].clock.packet(write.position, write.arrival_ns)
