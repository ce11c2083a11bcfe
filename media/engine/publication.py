"""Publishing without a peer connection: the microphone of a program beside the engine."""

from collections.abc import Callable

from media.plane.port import Connection, Plane, Track, TrackSpec
from media.plane.room import Room
from media.rtp.opus import MAX_FRAME_BYTES
from media.types import ConnectionSpec, TrackSource

_OPUS = 111  # as Chromium numbers it; nobody sees it, slots have their listeners' numbers


class LocalPublication:
    """One microphone in a room. Satisfies `media.types.Publication`.

    Args:
        spec: Who it is.
        room: Where.
        plane: Forwards.
        ssrc: Its own.
        closed: Called once when it is over.
    """

    def __init__(
        self,
        spec: ConnectionSpec,
        room: Room,
        plane: Plane,
        ssrc: int,
        closed: Callable[[ConnectionSpec, int], None],
    ) -> None:
        self.spec = spec
        self._room = room
        self._plane = plane
        self._ssrc = ssrc
        self._told = closed
        self._open = True
        self._connection = Connection(spec.connection_id, spec.participant_id, spec.label, room)
        opus = TrackSpec("0", TrackSource.MICROPHONE, "audio/opus", _OPUS, 48_000, ssrc)
        self._track = Track(self._connection, opus)
        self._connection.tracks[opus.mid] = self._track
        room.join(self._connection)

    def send(self, payload: bytes, timestamp: int, level: int) -> None:
        """Publish one Opus packet now; after `close` nothing happens.

        Raises:
            ValueError: The payload is empty or too long.
        """
        if not 0 < len(payload) <= MAX_FRAME_BYTES:
            raise ValueError(f"an Opus packet has 1 to {MAX_FRAME_BYTES} bytes")
        if self._open:
            self._plane.publish(self._track, payload, timestamp, level)

    def set_muted(self, source: TrackSource, *, muted: bool) -> None:
        """Drop its packets before anybody gets them, or let them through again."""
        if source is TrackSource.MICROPHONE:
            self._room.mute(self._track, muted=muted)

    def close(self) -> None:
        """Stop; idempotent."""
        if self._open:
            self._open = False
            self._room.leave(self._connection)
            self._told(self.spec, self._ssrc)
