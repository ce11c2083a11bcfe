"""The bounded hand-over of one track's packets from the event loop to the writer thread.

Items are tuples, not data classes: one is made for every packet, on the event loop. One producer
and one consumer, so a deque needs no lock. Nothing is dropped in silence: when the writer falls
behind, the queue says how many packets the hole cost.
"""

from collections import deque
from typing import Generic, NamedTuple, TypeVar

from media.clock import Clock


class ReportItem(NamedTuple):
    """One sender report."""

    ntp: int
    timestamp: int


class OverloadItem(NamedTuple):
    """Here the queue was full and this many packets are missing."""

    at_ns: int
    dropped: int


T = TypeVar("T")


class HandOver(Generic[T]):
    """What the queues of sound and of pictures have in common.

    Args:
        clock: Tells when the track ended.
        most: Packets that wait; of more only the count is kept.
        paused: Whether the recording is paused now.

    Attributes:
        paused: Packets are marked as not to be stored.
        closed_ns: When the track ended, None while it lives.
    """

    def __init__(self, clock: Clock, most: int, *, paused: bool) -> None:
        self.paused = paused
        self.closed_ns: int | None = None
        self._clock = clock
        self._most = most
        self._items: deque[T | ReportItem | OverloadItem] = deque()
        self._dropped = 0
        self._overloaded_ns = 0

    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:  # noqa: ARG002
        """Queue one report; when the queue is full the next report serves as well."""
        if self._has_room:
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

    def drain(self) -> list[T | ReportItem | OverloadItem]:
        """Everything queued so far; called by the writer thread alone."""
        items = self._items
        return [items.popleft() for _ in range(len(items))]

    @property
    def _has_room(self) -> bool:
        return self.closed_ns is None and len(self._items) < self._most

    def _admits(self, arrival_ns: int) -> bool:
        """Whether a packet may be queued; one that may not is counted as dropped."""
        if self.closed_ns is not None:
            return False
        if self._dropped and len(self._items) < self._most // 2:
            self._mark_overload(self._overloaded_ns)
        if self._dropped or len(self._items) >= self._most:
            self._overloaded_ns = self._overloaded_ns if self._dropped else arrival_ns
            self._dropped += 1
            return False
        return True

    def _mark_overload(self, at_ns: int) -> None:
        self._items.append(OverloadItem(at_ns, self._dropped))
        self._dropped = 0
