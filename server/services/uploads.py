"""Brings finished recordings into object storage, and lets go of local files that are there.

One recording at a time. A try that fails is made again by stamina, with longer and longer waits;
after the last one the recording waits five minutes. What was not there when the server ended is
found in the database by the next one.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import stamina
import structlog

from media.clock import Clock
from server.config import ObjectStorageSettings
from server.records import RecordingPlace, RecordingView
from server.services.archive import Archive
from server.storage.objects import ObjectStorageError
from server.storage.port import RecordingStore

AGAIN_SECONDS = 300.0
EVERY_SECONDS = 600.0
"""How often local files are looked at that may go."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0

logger = structlog.get_logger(__name__)

AtHand = Callable[[str], AbstractAsyncContextManager[None]]
"""Has the files of a recording on the local disk for as long as it is entered."""


@dataclass(slots=True)
class UploadFigures:
    """Since the start: recordings that came whole, bytes sent and fetched, tries that failed."""

    stored: int = 0
    bytes_sent: int = 0
    bytes_fetched: int = 0
    failures: int = 0


class Uploads:
    """Keeps object storage in step with the local disk.

    Args:
        store: Where recordings are listed, with where they are.
        archive: Where their files are.
        clock: The process's clock.
        settings: How often it is tried, how long local files stay.

    Attributes:
        archive: Where the files are.
        figures: What was done.
        failing: The last thing asked of the object storage failed.
    """

    def __init__(
        self,
        store: RecordingStore,
        archive: Archive,
        clock: Clock,
        settings: ObjectStorageSettings,
    ) -> None:
        self._store = store
        self.archive = archive
        self._clock = clock
        self._attempts = settings.attempts
        self._stays = timedelta(days=settings.local_days)
        self._due: dict[str, float] = {}
        self._work: tuple[str, asyncio.Task[None]] | None = None
        self._wake = asyncio.Event()
        self._held: Counter[str] = Counter()
        self._moving = asyncio.Lock()
        self.figures = UploadFigures()
        self.failing = False

    @property
    def on(self) -> bool:
        """There is an object storage."""
        return self.archive.objects is not None

    @property
    def waiting(self) -> int:
        """Recordings that are not there yet."""
        return len(self._due)

    def schedule(self, recording_id: str) -> None:
        """Bring a recording's files there soon."""
        if self.on:
            self._due[recording_id] = self._clock.monotonic()
            self._wake.set()

    async def changed(self, recording_id: str) -> None:
        """Something was made of a recording: that is to come there too."""
        if self.on:
            await self._store.change_recording(recording_id, place=RecordingPlace.UPLOADING)
            self.schedule(recording_id)

    async def run(self) -> None:
        """Upload what is due and drop what may go, until cancelled; at once without storage."""
        objects = self.archive.objects
        if objects is None:
            return
        try:
            await objects.check()
        except ObjectStorageError as error:  # what is recorded waits on the local disk
            self.failing = True
            logger.error(  # noqa: TRY400  (the code says it all)
                "object storage cannot be used", code=error.code, why=str(error)
            )
        for view in await self._store.recordings_at(RecordingPlace.LOCAL, RecordingPlace.UPLOADING):
            self.schedule(view.id)
        while True:
            await self.upload_due()
            await self.drop_old()
            self._wake.clear()
            try:
                async with asyncio.timeout(self._pause()):
                    _ = await self._wake.wait()
            except TimeoutError:
                continue

    def _pause(self) -> float:
        """Seconds until something is due."""
        now = self._clock.monotonic()
        return max(0.0, min([EVERY_SECONDS, *(when - now for when in self._due.values())]))

    async def upload_due(self) -> None:
        """Upload what is due, the longest waiting first."""
        now = self._clock.monotonic()
        for recording_id in sorted(self._due, key=self._due.__getitem__):
            if self._due.get(recording_id, now + 1) <= now:
                await self._in_task(recording_id)

    async def _in_task(self, recording_id: str) -> None:
        """In a task of its own, which `forget` may end without ending the others' turns."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._upload(recording_id), name="upload recording")
            self._work = (recording_id, task)
            try:
                _ = await asyncio.wait({task})
            finally:
                self._work = None

    async def _upload(self, recording_id: str) -> None:
        begun = self._due.get(recording_id)
        try:
            sent = await self._tried(recording_id)
        except ObjectStorageError as error:
            self.failing = True
            logger.error(  # noqa: TRY400  (the code says it all)
                "recording not uploaded", recording=recording_id, code=error.code, why=str(error)
            )
            self._due[recording_id] = self._clock.monotonic() + AGAIN_SECONDS
            await self._store.change_recording(recording_id, upload_error=error.code)
            return
        except OSError as error:  # deleted meanwhile, or its files cannot be read
            logger.warning("recording has no files", recording=recording_id, why=str(error))
            _ = self._due.pop(recording_id, None)
            await self._store.change_recording(recording_id, upload_error="files_missing")
            return
        self.failing = False
        self.figures.bytes_sent += sent
        if self._due.get(recording_id) == begun:  # else something was made of it meanwhile
            _ = self._due.pop(recording_id, None)
            await self._arrived(recording_id)

    async def _arrived(self, recording_id: str) -> None:
        self.figures.stored += 1
        await self._store.change_recording(
            recording_id,
            place=RecordingPlace.STORED,
            stored_at=self._clock.utc(),
            upload_error=None,
        )
        logger.info("recording is in object storage", recording=recording_id)

    async def _tried(self, recording_id: str) -> int:
        sent = 0
        async for attempt in stamina.retry_context(
            on=ObjectStorageError,
            attempts=self._attempts,
            timeout=None,
            wait_initial=FIRST_WAIT_SECONDS,
            wait_max=LONGEST_WAIT_SECONDS,
        ):
            with attempt:
                try:
                    sent = await self.archive.upload(recording_id)
                except ObjectStorageError:
                    self.figures.failures += 1
                    self.failing = True
                    raise
        return sent

    async def drop_old(self) -> None:
        """Remove local files that have been in object storage for long enough."""
        before = self._clock.utc() - self._stays
        for view in await self._store.recordings_at(RecordingPlace.STORED):
            if view.stored_at is None or view.stored_at > before or view.id in self._due:
                continue
            async with self._moving:
                if not self._held[view.id]:
                    await self._drop(view)

    async def _drop(self, view: RecordingView) -> None:
        try:
            freed = await self.archive.drop_local(view.id)
        except (OSError, ObjectStorageError) as error:
            logger.error(  # noqa: TRY400  (tried again)
                "local files not removed", recording=view.id, why=str(error)
            )
            return
        await self._store.change_recording(view.id, place=RecordingPlace.MOVED)
        logger.info("local files removed", recording=view.id, bytes=freed)

    @asynccontextmanager
    async def at_hand(self, recording_id: str) -> AsyncIterator[None]:
        """Have a recording's files on the local disk; they are fetched when they are not.

        Raises:
            ObjectStorageError: They cannot be fetched.
        """
        self._held[recording_id] += 1
        try:
            if self.on:
                async with self._moving:
                    await self._fetch(recording_id)
            yield
        finally:
            self._held[recording_id] -= 1
            if not self._held[recording_id]:
                del self._held[recording_id]

    async def _fetch(self, recording_id: str) -> None:
        try:
            fetched = await self.archive.fetch(recording_id)
        except FileNotFoundError as error:
            raise ObjectStorageError("object_storage_unavailable", str(error)) from error
        if fetched:
            self.figures.bytes_fetched += fetched
            await self._store.change_recording(
                recording_id, place=RecordingPlace.STORED, stored_at=self._clock.utc()
            )

    async def remove(self, recording_id: str) -> None:
        """Remove a recording's files, wherever they are, and stop bringing them anywhere.

        Raises:
            ObjectStorageError: Not removed there; nothing was removed here.
            OSError: Not removed here.
        """
        _ = self._due.pop(recording_id, None)
        if self._work is not None and self._work[0] == recording_id:
            _ = self._work[1].cancel()
            _ = await asyncio.wait({self._work[1]})
        async with self._moving:
            await _retried(lambda: self.archive.remove(recording_id))


async def _retried(work: Callable[[], Awaitable[None]]) -> None:
    """Somebody waits for it: a few quick tries."""
    async for attempt in stamina.retry_context(
        on=ObjectStorageError, attempts=3, timeout=10.0, wait_max=2.0
    ):
        with attempt:
            await work()
