"""The few parts of the process that commands need, opened on a data directory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from media.clock import SystemClock
from server.archives import archive_of
from server.auth.keys import KeyRing
from server.auth.tokens import TokenSigner
from server.config import Settings
from server.dialects.convex.ids import MeetingIds
from server.errors import StartError
from server.secret import SECRET_FILE, kept_secret, signing_secret
from server.services.kept import KeptRecordings
from server.services.meetings import MeetingsService
from server.services.products import Products
from server.services.tracker import Tracker
from server.services.uploads import Uploads
from server.services.users import UsersService
from server.storage.sql import SqlStorage


@asynccontextmanager
async def storage_of(settings: Settings) -> AsyncIterator[SqlStorage]:
    """The database, brought up to date."""
    storage = await asyncio.to_thread(SqlStorage, settings.database_url)
    await storage.start()
    try:
        yield storage
    finally:
        await storage.stop()


@asynccontextmanager
async def meetings_of(settings: Settings) -> AsyncIterator[MeetingsService]:
    """The meetings service, without anything live."""
    clock = SystemClock()
    signer = TokenSigner(await asyncio.to_thread(installed_secret, settings), clock)
    async with storage_of(settings) as storage:
        tracker = Tracker(storage, clock, _raise)
        users = UsersService(storage, clock)
        yield MeetingsService(storage, tracker, users, signer, settings, clock, [MeetingIds()])


@asynccontextmanager
async def keys_of(settings: Settings) -> AsyncIterator[KeyRing]:
    """The API keys."""
    async with storage_of(settings) as storage:
        yield KeyRing(storage, SystemClock(), dev=False)


def kept_of(settings: Settings, storage: SqlStorage) -> KeptRecordings:
    """Recordings at rest.

    Raises:
        ConfigError: The object storage cannot be used.
    """
    clock = SystemClock()
    uploads = Uploads(storage, archive_of(settings), clock, settings.object_storage)
    return KeptRecordings(storage, uploads, Products(uploads, clock, _raise), clock)


def installed_secret(settings: Settings) -> bytes:
    """The configured secret, else the one that a development server keeps in its data."""
    kept = settings.storage.data / SECRET_FILE
    if settings.auth.secret is None and _exists(kept):
        return kept_secret(kept)
    return signing_secret(settings)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise StartError(f"cannot read {path}: {error.strerror}") from error


def _raise(_name: str, error: BaseException) -> None:
    raise error
