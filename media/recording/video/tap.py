"""The bounded hand-over of one camera's or screen's packets from the event loop to the writer.

As with sound: tuples, a deque between one producer and one consumer, and nothing dropped in
silence.
"""

from collections import deque
from typing import NamedTuple, TypeAlias

from media.clock import Clock
from media.recording.tap import OverloadItem, ReportItem
from media.video import VideoStream

QUEUED = 6000
"""Four seconds at 14 Mb/s, about 7 MB: a disk that hangs longer is overload."""


class VideoItem(NamedTuple):
    """One packet, and whether the recording was not paused when it came."""

    arrival_ns: int
    sequence: int
    timestamp: int
    payload: bytes
    marker: bool
    stored: bool


class TurnItem(NamedTuple):
    """From here on packets are of another stream."""

    at_ns: int
    stream: VideoStream


class WithheldItem(NamedTuple):
    """Here packets are left out because the track is muted."""


Item: TypeAlias = VideoItem | TurnItem | WithheldItem | ReportItem | OverloadItem


class QueuedVideoTap:
    """A `VideoTap` that only appends to a queue.

    Attributes:
        paused: Packets are marked as not to be stored.
        closed_ns: When the track ended, None while it lives.
        starving: Set by the writer: it cannot go on without a key frame.
    """

    def __init__(self, clock: Clock, *, paused: bool) -> None:
        self.paused = paused
        self.closed_ns: int | None = None
        self.starving = True
        self._clock = clock
        self._items: deque[Item] = deque()
        self._dropped = 0
        self._overloaded_ns = 0

    @property
    def wanting(self) -> bool:
        """Whether a key frame is to be asked for."""
        return self.starving and not self.paused

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, *, marker: bool
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
        stored = not self.paused
        self._items.append(VideoItem(arrival_ns, sequence, timestamp, payload, marker, stored))

    def turn(self, at_ns: int, stream: VideoStream) -> None:
        """The next packets are of this stream."""
        if self.closed_ns is None:
            self._items.append(TurnItem(at_ns, stream))

    def withheld(self) -> None:
        """The track was muted."""
        if self.closed_ns is None:
            self._items.append(WithheldItem())

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
