"""The packets of one camera or screen on their way to the writer thread."""

from typing import NamedTuple, TypeAlias

from typing_extensions import override

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
        self._turned: TurnItem | None = None  # what a full queue could not be told yet

    @property
    def wanting(self) -> bool:
        """Whether a key frame is to be asked for."""
        return self.starving and not self.paused

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, *, marker: bool
    ) -> None:
        """Queue one packet, or count it as dropped."""
        if self._admits(arrival_ns):
            if self._turned is not None:
                self._items.append(self._turned)
                self._turned = None
            stored = not self.paused
            self._items.append(VideoItem(arrival_ns, sequence, timestamp, payload, marker, stored))

    def turn(self, at_ns: int, stream: VideoStream) -> None:
        """The next packets are of this stream; a full queue is told with the first that fits."""
        item = TurnItem(at_ns, stream)
        if self._has_room:
            self._items.append(item)
            self._turned = None
        elif self.closed_ns is None:
            self._turned = item

    def withheld(self) -> None:
        """The track was muted; behind a full queue its pictures are missing anyway."""
        if self._has_room:
            self._items.append(WithheldItem())

    @override
    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:
        """Queue one report, unless it is of a stream that the writer does not know of yet."""
        if self._turned is None:
            super().sender_report(arrival_ns, ntp, rtp_timestamp)
