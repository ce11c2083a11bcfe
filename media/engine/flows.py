"""What passes in each stream of a connection: bytes, pictures, freezes; counted when asked."""

from collections.abc import Iterable, Mapping
from operator import attrgetter

from media.picture import Picture
from media.plane.pictures import by_size
from media.plane.port import Connection, Slot, Track
from media.types import Direction, ListenerStats, MediaKind, StreamFlow

# Of a packet that we send: RTP's fixed header, and the tag of AEAD.
_OVERHEAD = 12 + 16
_NOTHING = Picture(limit="bandwidth")
_rank = attrgetter("rank")


def flows(
    connection: Connection, heard: Mapping[MediaKind, ListenerStats]
) -> tuple[StreamFlow, ...]:
    """Every stream of a connection that flows, those of a kind downwards as one.

    Args:
        connection: Whose.
        heard: What its client says of the media it receives.
    """
    up = (_published(track) for track in connection.tracks.values() if track.flowing)
    down = (_heard(connection, kind, heard) for kind in MediaKind)
    return (*up, *(one for one in down if one is not None))


def received(connection: Connection) -> Picture | None:
    """The largest picture that a connection gets; None when it gets none."""
    slots = [slot for slot in connection.slots.values() if not slot.audio and slot.track]
    shown = [picture for slot in slots if (picture := _shown(slot)) is not None]
    if shown:
        return max(shown, key=_rank)
    return _NOTHING if any(slot.starved for slot in slots) else None


def _published(track: Track) -> StreamFlow:
    octets = sum(stream.octets for stream in track.layers)
    flowing = [stream for stream in track.layers if stream.flowing and stream.rate != 0]
    picture = None
    if not track.audio and flowing:
        picture = max((_picture(track, stream) for stream in flowing), key=_rank)
    return StreamFlow(Direction.UPLINK, track.spec.source.value, octets, picture=picture)


def _heard(
    connection: Connection, kind: MediaKind, heard: Mapping[MediaKind, ListenerStats]
) -> StreamFlow | None:
    slots = [slot for slot in connection.slots.values() if slot.spec.kind is kind]
    octets = _octets(slots)
    if not octets:
        return None
    told = heard.get(kind, ListenerStats(kind))
    picture = received(connection) if kind is MediaKind.VIDEO else None
    return StreamFlow(
        Direction.DOWNLINK, kind.value, octets, told.freezes, told.frozen_seconds, picture
    )


def _octets(slots: Iterable[Slot]) -> int:
    total = 0
    for slot in slots:
        progress = None if slot.stream is None else slot.stream.progress
        total += slot.rewriter.octets(progress) + _OVERHEAD * slot.rewriter.packets(progress)
    return total


def _shown(slot: Slot) -> Picture | None:
    """What a slot shows now; None while it shows nothing."""
    track, stream = slot.track, slot.stream
    if track is None or stream is None or track.muted or slot.starved:
        return None
    return _picture(track, stream, "bandwidth" if slot.limited else None)


def _picture(track: Track, stream: Track, limit: str | None = None) -> Picture:
    place = by_size(track).index(stream) + 1 if stream in track.layers else 0
    return Picture(stream.rid, place, stream.width, stream.height, limit)
