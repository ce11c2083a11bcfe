"""The packets of one microphone on their way to the writer thread."""

from typing import NamedTuple, TypeAlias

from media.clock import Clock
from media.recording.handover import HandOver, OverloadItem, ReportItem

QUEUED = 1000
"""20 s of ordinary packets, 2.5 s of the shortest: a disk that hangs longer is overload."""


class RtpItem(NamedTuple):
    """One packet, and whether the recording was not paused when it came."""

    arrival_ns: int
    sequence: int
    timestamp: int
    payload: bytes
    stored: bool


class SkippedItem(NamedTuple):
    """Packets up to this number came and held nothing."""

    sequence: int


Item: TypeAlias = RtpItem | SkippedItem | ReportItem | OverloadItem


class QueuedTap(HandOver[RtpItem | SkippedItem]):
    """A `TrackTap` that only appends to a queue."""

    def __init__(self, clock: Clock, *, paused: bool) -> None:
        super().__init__(clock, QUEUED, paused=paused)

    def rtp(
        self,
        arrival_ns: int,
        sequence: int,
        timestamp: int,
        payload: bytes,
        level: int = 0,  # noqa: ARG002  (recorded however quiet)
    ) -> None:
        """Queue one packet, or count it as dropped."""
        if self._admits(arrival_ns):
            self._items.append(RtpItem(arrival_ns, sequence, timestamp, payload, not self.paused))

    def skipped(self, sequence: int) -> None:
        """Queue it; when the queue is full the packets behind it are missing anyway."""
        if self._has_room:
            self._items.append(SkippedItem(sequence))
