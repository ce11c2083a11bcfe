"""What sound needs of the engine that it stands beside."""

from typing import Protocol

from media.types import ConnectionSpec, MixTrack, Publication, Taps


class Packets(Taps, Protocol):
    """Where an engine hands out the audio of its rooms and takes in what is made here."""

    def publish(self, spec: ConnectionSpec) -> Publication:
        """A microphone of a program, in a room, without a peer connection."""
        ...


class MixPackets(Taps, Protocol):
    """Where an engine hands out the audio of its rooms and takes mixes in."""

    def mix(self, room_id: str) -> MixTrack:
        """A track for those connections of a room alone that it is given to."""
        ...
