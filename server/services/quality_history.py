"""Stored chunks as the series of a chart: one for each stream, at the step that is asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.services.quality_points import Chunk, Point, merged
from server.storage.quality import STEPS, QualityChunk

MOST_POINTS = 3600
"""Of one series in one answer."""
WANTED_POINTS = 600
"""When nobody says what step he wants: about as many as a chart has pixels."""
_COARSER = (*STEPS, 600, 3600)


@dataclass(frozen=True, slots=True)
class Series:
    """One stream of one connection over time.

    Attributes:
        stream: As in `QualityChunk`.
        points: Seconds since 1970 and the point, in order.
    """

    participant_id: str
    connection_id: str
    stream: str
    points: tuple[tuple[int, Point], ...]


def fitting_step(start: int, end: int, wanted: int | None) -> int:
    """The step that a time is answered in: the wanted one unless that makes too many points."""
    span = max(1, end - start)
    if wanted is None:
        return next((s for s in _COARSER if span / s <= WANTED_POINTS), _COARSER[-1])
    return max(wanted, -(-span // MOST_POINTS))


def series_of(chunks: Iterable[QualityChunk], start: int, end: int, step: int) -> list[Series]:
    """Fold chunks to a step.

    Args:
        chunks: In any order.
        start: Seconds since 1970.
        end: Seconds since 1970, not included.
        step: Seconds; points lie at its multiples.
    """
    found: dict[tuple[str, str, str], dict[int, list[Point]]] = {}
    for chunk in chunks:
        key = (chunk.participant_id, chunk.connection_id, chunk.stream)
        places = found.setdefault(key, {})
        for index, point in Chunk(chunk.data):
            at = chunk.start + index * chunk.step
            if start <= at < end:
                places.setdefault(at - at % step, []).append(point)
    return [Series(*key, _in_order(places)) for key, places in found.items() if places]


def _in_order(places: dict[int, list[Point]]) -> tuple[tuple[int, Point], ...]:
    return tuple((at, _one(points)) for at, points in sorted(places.items()))


def _one(points: Sequence[Point]) -> Point:
    return points[0] if len(points) == 1 else merged(points)
