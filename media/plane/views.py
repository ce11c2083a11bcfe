"""Which tracks fill which slots: sticky, most important first."""

from collections.abc import Sequence
from typing import TypeVar

K = TypeVar("K")


def fill(current: Sequence[K | None], wanted: Sequence[K]) -> list[K | None]:
    """Put wanted tracks into slots without moving one that may stay.

    Args:
        current: What each slot carries now.
        wanted: Tracks to carry, most important first, without duplicates; those beyond the number
            of slots are left out.

    Returns:
        What each slot carries next, same length as `current`.
    """
    chosen = wanted[: len(current)]
    missing = [track for track in chosen if track not in current]
    missing.reverse()
    result: list[K | None] = []
    for track in current:
        keeps = track is not None and track in chosen and track not in result
        result.append(track if keeps else None)
    for index, track in enumerate(result):
        if track is None and missing:
            result[index] = missing.pop()
    return result


def order(wanted: Sequence[K], available: Sequence[K], *, every: bool) -> list[K]:
    """The wanted tracks that exist, in order, then all others when `every` is set."""
    first: list[K] = []
    for track in wanted:
        if track in available and track not in first:
            first.append(track)
    if every:
        first.extend(track for track in available if track not in first)
    return first
