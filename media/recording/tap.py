"""The bounded hand-over of one track's packets from the event loop to the writer thread.

Items are tuples, not data classes: one is made for every packet, on the event loop. One producer
and one consumer, so a deque needs no lock. Nothing is dropped in silence: when the writer falls
behind, the queue says how many packets the hole cost.
"""

from collections import deque
from typing import NamedTuple, TypeAlias

from media.clock import Clock

QUEUED = 1000
"""20 s of ordinary packets, 2.5 s of the shortest: a disk that hangs longer is overload."""


class RtpItem(NamedTuple):
    """One packet, and whether the recording was not paused when it came."""

    arrival_ns: int
    sequence: int
    timestamp: int
    payload: bytes
    stored: bool


class ReportItem(NamedTuple):
    """One sender report."""

    ntp: int
    timestamp: int


class SkippedItem(NamedTuple):
    """Packets up to this number came and held nothing."""

    sequence: int


class OverloadItem(NamedTuple):
    """Here the queue was full and this many packets are missing."""

    at_ns: int
    dropped: int


Item: TypeAlias = RtpItem | SkippedItem | ReportItem | OverloadItem


class QueuedTap:
    """A `TrackTap` that only appends to a queue.

    Attributes:
        paused: Packets are marked as not to be stored.
        closed_ns: When the track ended, None while it lives.
    """

    def __init__(self, clock: Clock, *, paused: bool) -> None:
        self.paused = paused
        self.closed_ns: int | None = None
        self._clock = clock
        self._items: deque[Item] = deque()
        self._dropped = 0
        self._overloaded_ns = 0

    def rtp(
        self,
        arrival_ns: int,
        sequence: int,
        timestamp: int,
        payload: bytes,
        level: int = 0,  # noqa: ARG002  (recorded however quiet)
    ) -> None:
        """Queue one packet, or count it as dropped."""
        if self.closed_ns is not None:
            return
        if self._dropped and len(self._items) < QUEUED // 2:
            self._mark_overload(self._overloaded_ns)
        if self._dropped or len(self._items) >= QUEUED:
            self._overloaded_ns = self._overloaded_ns if self._dropped else arrival_ns
            self._dropped += 1
            return
        self._items.append(RtpItem(arrival_ns, sequence, timestamp, payload, not self.paused))

    def skipped(self, sequence: int) -> None:
        """Queue it; when the queue is full the packets behind it are missing anyway."""
        if self.closed_ns is None and len(self._items) < QUEUED:
            self._items.append(SkippedItem(sequence))

    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:  # noqa: ARG002
        """Queue one report; when the queue is full the next report serves as well."""
        if self.closed_ns is None and len(self._items) < QUEUED:
            self._items.append(ReportItem(ntp, rtp_timestamp))

    def close(self) -> None:
        """The track ended now; idempotent."""
        self.close_at(self._clock.monotonic_ns())

    def close_at(self, at_ns: int) -> None:
        """The track ended at this moment; idempotent."""
        if self.closed_ns is not None:
            return
        if self._dropped:
            self._mark_overload(at_ns)
        self.closed_ns = at_ns

    def drain(self) -> list[Item]:
        """Everything queued so far; called by the writer thread alone."""
        items = self._items
        return [items.popleft() for _ in range(len(items))]

    def _mark_overload(self, at_ns: int) -> None:
        self._items.append(OverloadItem(at_ns, self._dropped))
        self._dropped = 0
