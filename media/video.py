"""How an engine hands out the pictures of a room: plain data and protocols, no behaviour."""

from dataclasses import dataclass
from typing import Protocol

from media.types import Taps, TrackSource


@dataclass(frozen=True, slots=True)
class VideoStream:
    """One RTP stream of a camera or a screen; a source may be sent in several sizes.

    Attributes:
        ssrc: Which.
        codec: MIME type in lower case.
        layer: Its name among the sizes (RFC 8851), empty for the only one.
    """

    ssrc: int
    codec: str
    layer: str = ""


class VideoTap(Protocol):
    """Where the plane hands every decrypted packet of one source, of one stream at a time.

    Never blocks, never raises.
    """

    @property
    def wanting(self) -> bool:
        """Whether it cannot go on without a key frame; asked with every packet."""
        ...

    def turn(self, at_ns: int, stream: VideoStream) -> None:
        """The next packets are of another stream, from a key frame on where there was a choice."""

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, *, marker: bool
    ) -> None:
        """One authenticated RTP packet, a retransmitted one under its own number.

        Args:
            arrival_ns: Monotonic nanoseconds, taken when the datagram was read.
            sequence: 16-bit RTP sequence number as sent.
            timestamp: 32-bit RTP timestamp as received.
            payload: The RTP payload without padding; empty when the packet was padding alone.
            marker: It ends a picture.
        """

    def withheld(self) -> None:
        """The server muted the track: packets are left out from here on."""

    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:
        """As `TrackTap.sender_report`, of the stream that is handed over."""

    def close(self) -> None:
        """The track ended; idempotent."""


class VideoRoomTap(Protocol):
    """What the engine asks of a recording of pictures: a tap for each source that appears."""

    @property
    def height(self) -> int:
        """Lines that are enough, 0 for the largest picture that comes."""
        ...

    def open_video(
        self,
        participant_id: str,
        label: str,
        source: TrackSource,
        connection_id: str,
        stream: VideoStream,
    ) -> VideoTap | None:
        """A camera or a screen appeared (or exists already); None to ignore it."""


class VideoTaps(Protocol):
    """Where an engine hands out the pictures of a room."""

    def add_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:
        """Hand every camera and screen of the room, present and future, to `tap`."""

    def remove_video_tap(self, room_id: str, tap: VideoRoomTap) -> None:
        """Stop that and close its taps."""


class RoomTaps(Taps, VideoTaps, Protocol):
    """Where an engine hands out everything of a room."""
