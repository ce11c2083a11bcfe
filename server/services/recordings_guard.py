"""Watches what recordings cost: ends them cleanly before the disk is full or they grow too long."""

import asyncio
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import structlog

from media.clock import Clock
from media.types import EndedBy
from server.records import RecordingView

EVERY_SECONDS = 5.0
LOW_BYTES = 10 << 30
"""Below this the log warns, once each time."""

logger = structlog.get_logger(__name__)


class Stoppable(Protocol):
    """The recordings that are watched."""

    def taking_packets(self) -> Iterable[RecordingView]:
        """Those that run or are paused."""
        ...

    async def end(self, recording_id: str, why: EndedBy) -> None:
        """Stop one cleanly for this reason."""


class RecordingsGuard:
    """Looks at disk and durations every five seconds while recordings run.

    Args:
        recordings: What is watched.
        directory: Where they are written.
        clock: The process's clock.
        floor_bytes: Free space below which running recordings are stopped.
        max_seconds: Longest recording.
    """

    def __init__(
        self,
        recordings: Stoppable,
        directory: Path,
        clock: Clock,
        *,
        floor_bytes: int,
        max_seconds: float,
    ) -> None:
        self._recordings = recordings
        self._directory = directory
        self._clock = clock
        self._floor_bytes = floor_bytes
        self._max_seconds = max_seconds
        self._warned = False

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.check()

    async def check(self) -> None:
        """Look once."""
        running = list(self._recordings.taking_packets())
        if not running:
            return
        free = await asyncio.to_thread(self.free_bytes)
        if free < self._floor_bytes:
            logger.error("disk nearly full, recordings stopped", free_bytes=free)
            for view in running:
                await self._recordings.end(view.id, "disk_floor")
            return
        self._warn(free)
        for view in running:
            if (self._clock.utc() - view.started_at).total_seconds() >= self._max_seconds:
                await self._recordings.end(view.id, "max_length")

    def _warn(self, free: int) -> None:
        low = free < max(LOW_BYTES, self._floor_bytes)
        if low and not self._warned:
            logger.warning("disk space is low", free_bytes=free, floor_bytes=self._floor_bytes)
        self._warned = low

    def free_bytes(self) -> int:
        """Room on the disk of the recordings, wherever their directory will be; blocks."""
        place = self._directory.absolute()
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free
