"""Deletes recordings that are older than the operator keeps them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from media.clock import Clock
from server.records import RecordingView
from server.storage.port import RecordingStore

FIRST_SECONDS, EVERY_SECONDS = 60.0, 3600.0

logger = structlog.get_logger(__name__)

Delete = Callable[[RecordingView], Awaitable[None]]


class Retention:
    """Finds and deletes what is too old.

    Args:
        store: Where recordings are listed.
        delete: Removes one with its files.
        clock: The process's clock.
        days: How long recordings are kept after their end; 0 keeps them for good.
    """

    def __init__(self, store: RecordingStore, delete: Delete, clock: Clock, days: float) -> None:
        self._store = store
        self._delete = delete
        self._clock = clock
        self._days = days

    async def run(self) -> None:
        """Prune a minute after the start and then every hour, until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            _ = await self.prune()
            await asyncio.sleep(EVERY_SECONDS)

    async def expired(self) -> list[RecordingView]:
        """What would be deleted now, oldest first."""
        if not self._days:
            return []
        before = self._clock.utc() - timedelta(days=self._days)
        return await self._store.recordings_ended_before(before)

    async def prune(self) -> list[RecordingView]:
        """Delete what is too old; what could not be deleted is tried again next time."""
        gone: list[RecordingView] = []
        for view in await self.expired():
            try:
                await self._delete(view)
            except OSError as error:
                logger.error(  # noqa: TRY400  (the next hour tries again)
                    "recording not deleted", recording=view.id, error=str(error)
                )
                continue
            logger.info("recording deleted by retention", recording=view.id)
            gone.append(view)
        return gone
