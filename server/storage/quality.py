"""The storage port's part for samples of connection quality, kept in chunks of up to 60."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

STEPS = (1, 10, 60)
"""Seconds between the points of a chunk."""


@dataclass(frozen=True, slots=True)
class QualityChunk:
    """Up to 60 samples of one stream of one connection.

    Attributes:
        stream: Direction and source as `uplink/microphone`, or `connection` for the whole.
        step: Seconds between points, one of `STEPS`.
        start: Seconds since 1970 of the first place; a multiple of 60 steps.
        data: The points in bytes.
    """

    session_id: str
    participant_id: str
    connection_id: str
    stream: str
    step: int
    start: int
    data: bytes


class QualityStore(Protocol):
    """Samples."""

    async def save_quality(
        self, chunks: Sequence[QualityChunk], *, instead: Sequence[QualityChunk] = ()
    ) -> None:
        """Insert or replace chunks and drop those that they stand for, in one transaction."""

    async def list_quality(
        self, session_id: str, *, start: int, end: int, participant_id: str | None = None
    ) -> list[QualityChunk]:
        """A session's chunks that begin before `end` and reach beyond `start`, oldest first."""
        ...

    async def old_quality(self, step: int, before: int, limit: int) -> list[QualityChunk]:
        """Chunks of a step that begin before a time, those of one stream side by side."""
        ...

    async def prune_quality(self, before: int) -> int:
        """Drop chunks that began before a time; how many."""
        ...
