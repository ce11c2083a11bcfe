"""Which layer of a simulcast picture each slot shows: by its tile, within what the link takes.

Pure: facts in, decisions out. The most important tile comes first and is cut last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

TOP_HEIGHT = 720  # of the best layer, while no key frame has told; the page's camera constraint
FITS = 0.75  # a picture this much of its tile's height looks as good
HEADROOM = 1.15  # a better layer must fit with this to spare, so that it is not left at once
REVERSED = 2  # the first layer offered sends this many times more than the last: best first


@dataclass(frozen=True, slots=True)
class Layer:
    """One encoding of a picture.

    Attributes:
        rate: Bits a second lately; 0 when it rests, negative while unknown.
        height: Lines of its picture, 0 while unknown.
    """

    rate: int
    height: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """One slot's wish.

    Attributes:
        layers: The picture's encodings, worst first.
        wanted: The one that fits the tile.
        current: The one shown now, None when paused or new.
    """

    layers: tuple[Layer, ...]
    wanted: int
    current: int | None = None


def ranked(layers: Sequence[Layer]) -> list[int]:
    """The places of the layers, worst first. Senders list them in either order."""
    places = list(range(len(layers)))
    if all(layer.height for layer in layers):
        return sorted(places, key=lambda place: layers[place].height)
    first, last = layers[0].rate, layers[-1].rate
    if last > 0 and first > last * REVERSED:
        places.reverse()
    return places


def fitting(layers: Sequence[Layer], tile_height: int) -> int:
    """The worst layer that still fills the tile, among those that flow; worst first."""
    flowing = [place for place, layer in enumerate(layers) if layer.rate]
    if not flowing:
        return 0
    heights = _heights(layers)
    return next(
        (place for place in flowing if heights[place] >= tile_height * FITS),
        flowing[-1],
    )


def allot(demands: Sequence[Demand], budget: int | None) -> list[int | None]:
    """A layer for each slot, most important first; None pauses it.

    Args:
        demands: Every slot that carries a picture.
        budget: Bits a second for all pictures together, None when the link has shown no limit.
    """
    if budget is None:
        return [demand.wanted for demand in demands]
    chosen: list[int | None] = []
    left = budget
    for demand in demands:
        lowest = _lowest(demand)
        spare = 1.0 if demand.current is not None else HEADROOM
        cost = max(0, demand.layers[lowest].rate)
        if cost * spare <= left:
            chosen.append(lowest)
            left -= cost
        else:
            chosen.append(None)
    for at, demand in enumerate(demands):
        shown = chosen[at]
        if shown is not None:
            chosen[at], left = _raise(demand, shown, left)
    return chosen


def _raise(demand: Demand, lowest: int, left: int) -> tuple[int, int]:
    base = max(0, demand.layers[lowest].rate)
    for place in range(demand.wanted, lowest, -1):
        rate = demand.layers[place].rate
        more = max(0, rate) - base
        spare = 1.0 if demand.current is not None and place <= demand.current else HEADROOM
        if rate and more * spare <= left:
            return place, left - more
    return lowest, left


def _lowest(demand: Demand) -> int:
    flowing = (place for place, layer in enumerate(demand.layers) if layer.rate)
    return min(next(flowing, 0), demand.wanted)


def _heights(layers: Sequence[Layer]) -> list[float]:
    """Known heights, and guesses at the others: each layer is twice as high as the one below."""
    known = next((at for at, layer in enumerate(layers) if layer.height), None)
    at, height = (len(layers) - 1, TOP_HEIGHT) if known is None else (known, layers[known].height)
    return [layer.height or height * 2.0 ** (place - at) for place, layer in enumerate(layers)]
