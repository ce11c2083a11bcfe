"""Feeds a listener's video slots: the layer that fits each tile and, together, the link."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from media.plane import feed
from media.plane.layers import Demand, Layer, allot, fitting, ranked
from media.plane.port import Connection, RoomEvents, Slot, Track

if TYPE_CHECKING:
    from media.types import TrackSource

UNKNOWN_TILE = 720  # lines: a simple client shows what it gets
LARGEST = 1 << 15  # lines of a tile that no picture fills: every layer is wanted


def fit(connection: Connection, events: RoomEvents) -> None:
    """Choose a layer for every video slot that carries a picture, within `connection.budget`."""
    watched = [(slot, by_size(track)) for slot, track in _by_importance(connection)]
    demands = [_demand(slot, streams) for slot, streams in watched]
    chosen = allot(demands, connection.budget)
    for (slot, streams), demand, place in zip(watched, demands, chosen, strict=True):
        starved = place is None
        slot.limited = place is None or place < demand.wanted
        if starved != slot.starved:
            slot.starved = starved
            events.slots_moved(connection)
        if place is None:
            feed.stop(slot)
        elif feed.switch(slot, streams[place]):
            events.keyframe_wanted(streams[place])


def least_rate(connection: Connection) -> int:
    """Bits a second of the worst flowing layer of every picture that the connection gets."""
    total = 0
    for slot in connection.slots.values():
        if not slot.audio and slot.track is not None:
            flowing = [each.rate for each in slot.track.layers if each.flowing and each.rate > 0]
            total += min(flowing, default=0)
    return total


def wanted_height(track: Track) -> int:
    """The tallest tile that shows a source on a link that takes it; 0 when nobody watches.

    A recording is a tile that is as tall as it wants.
    """
    shown = max((slot.height for slot in track.viewers if not slot.starved), default=0)
    filmed = max((film.room_tap.height or LARGEST for film in track.filmed), default=0)
    return max(shown, filmed)


def _by_importance(connection: Connection) -> list[tuple[Slot, Track]]:
    """Slots with their sources, in the order of the page's tiles; sets the tiles' heights."""
    tiles: dict[tuple[str, TrackSource], tuple[int, int]] = {}
    for rank, tile in enumerate(connection.tiles):
        tiles.setdefault((tile.participant_id, tile.source), (rank, tile.height))
    found: list[tuple[int, Slot, Track]] = []
    for slot in connection.slots.values():
        if slot.audio or slot.track is None:
            continue
        name = (slot.track.participant_id, slot.track.spec.source)
        rank, slot.height = tiles.get(name, (len(tiles), UNKNOWN_TILE))
        found.append((rank, slot, slot.track))
    found.sort(key=lambda each: each[0])
    return [(slot, track) for _, slot, track in found]


def by_size(track: Track) -> list[Track]:
    """A source's streams, worst first."""
    if len(track.layers) == 1:
        return track.layers
    return [track.layers[place] for place in ranked([layer_of(each) for each in track.layers])]


def layer_of(stream: Track) -> Layer:
    """What is known of a stream."""
    return Layer(stream.rate if stream.flowing else 0, stream.height)


def _demand(slot: Slot, streams: Sequence[Track]) -> Demand:
    layers = tuple(layer_of(stream) for stream in streams)
    shown = slot.target or slot.stream
    current = streams.index(shown) if shown in streams else None
    return Demand(layers, fitting(layers, slot.height), current)
