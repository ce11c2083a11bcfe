"""The packets of one camera or screen on their way to the writer thread."""

from typing import NamedTuple, TypeAlias

from media.clock import Clock
from media.recording.handover import HandOver, OverloadItem, ReportItem
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


class QueuedVideoTap(HandOver[VideoItem | TurnItem | WithheldItem]):
    """A `VideoTap` that only appends to a queue.

    Attributes:
        starving: Set by the writer: it cannot go on without a key frame.
    """

    def __init__(self, clock: Clock, *, paused: bool) -> None:
        super().__init__(clock, QUEUED, paused=paused)
        self.starving = True

    @property
    def wanting(self) -> bool:
        """Whether a key frame is to be asked for."""
        return self.starving and not self.paused

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, *, marker: bool
    ) -> None:
        """Queue one packet, or count it as dropped."""
        if self._admits(arrival_ns):
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
