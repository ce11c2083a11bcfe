"""Publishing without a peer connection: the microphone of a program beside the engine."""

from collections.abc import Callable

from media.plane.port import Connection, Plane, Track, TrackSpec
from media.plane.room import Room
from media.plane.speakers import MUTED_LEVEL
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
        self._track = _track(self._connection, ssrc)
        self._connection.tracks[self._track.spec.mid] = self._track
        room.join(self._connection)

    def send(self, payload: bytes, timestamp: int, level: int) -> None:
        """Publish one Opus packet now; after `close` nothing happens.

        Raises:
            ValueError: The payload is empty or too long.
        """
        _check(payload)
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


class LocalMix:
    """Sound for chosen listeners of a room. Satisfies `media.types.MixTrack`.

    Its track is in no connection of the room: nobody taps it, it takes no speaker's place.

    Args:
        room: Where the listeners are.
        plane: Forwards.
        ssrc: Its own.
        find: A connection by its id, joined or about to.
        closed: Called with the SSRC once it is over.
    """

    def __init__(
        self,
        room: Room,
        plane: Plane,
        ssrc: int,
        find: Callable[[str], Connection | None],
        closed: Callable[[int], None],
    ) -> None:
        self._room = room
        self._plane = plane
        self._ssrc = ssrc
        self._find = find
        self._told = closed
        self._open = True
        self._track = _track(Connection("", "", "", room), ssrc)
        self._track.flowing = True

    def send(self, payload: bytes, timestamp: int, level: int) -> None:
        """Send one Opus packet to the listeners now; after `close` nothing happens.

        Raises:
            ValueError: The payload is empty or too long.
        """
        del level  # who speaks in it is counted already
        _check(payload)
        if self._open:
            self._plane.publish(self._track, payload, timestamp, MUTED_LEVEL)

    def give(self, connection_id: str) -> None:
        """Let a connection that wants a mix hear this one; harmless when it is gone."""
        connection = self._find(connection_id)
        if connection is not None and self._open:
            self._room.hear(connection, self._track)

    def close(self) -> None:
        """Stop; idempotent."""
        if not self._open:
            return
        self._open = False
        for connection in self._room.connections.values():
            if connection.mix is self._track:
                self._room.hear(connection, None)
        self._told(self._ssrc)


def _track(connection: Connection, ssrc: int) -> Track:
    opus = TrackSpec("0", TrackSource.MICROPHONE, "audio/opus", _OPUS, 48_000, ssrc)
    return Track(connection, opus)


def _check(payload: bytes) -> None:
    if not 0 < len(payload) <= MAX_FRAME_BYTES:
        raise ValueError(f"an Opus packet has 1 to {MAX_FRAME_BYTES} bytes")
