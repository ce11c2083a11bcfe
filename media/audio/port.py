"""What sound needs of the engine that it stands beside."""

from typing import Protocol

from media.types import ConnectionSpec, Publication, RoomTap


class Packets(Protocol):
    """Where an engine hands out the audio of its rooms and takes in what is made here."""

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        """Hand every audio track of the room, present and future, to `tap`."""

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        """Stop that and close its track taps."""

    def publish(self, spec: ConnectionSpec) -> Publication:
        """A microphone of a program, in a room, without a peer connection."""
        ...
