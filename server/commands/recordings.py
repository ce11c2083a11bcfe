"""`roomtone recording`: recordings in a data directory, beside a running server or not."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from media.clock import SystemClock
from media.errors import RecordingError
from server.auth.tokens import TokenSigner
from server.commands.parts import installed_secret, kept_of, storage_of
from server.commands.tokens import running_url
from server.config import Settings
from server.errors import ServerError
from server.facts import plain, utc_text
from server.records import RecordingView
from server.services.kept import KeptRecordings
from server.services.shares import Shares
from server.services.uploads import Uploads
from server.services.workers import Workers
from server.storage.files import LocalFiles
from server.storage.objects import ObjectStorageError
from server.storage.port import RecordingQuery
from server.storage.sql import SqlStorage
from signaling.errors import RefusalKind, Refused
from signaling.ids import is_id
from signaling.model import RecordingState

ACCOUNT = "default"
BY = "command line"
_MANY = 1000
_HINTS = {
    "recording_not_found": "`roomtone recording list` shows ids.",
    "recording_held": "`roomtone recording release` lets go of it.",
}
_DONE = (RecordingState.READY, RecordingState.FAILED)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Recordings at rest."""

    storage: SqlStorage
    rest: KeptRecordings

    async def get(self, recording_id: str) -> RecordingView:
        """One recording.

        Raises:
            Refused: `recording_not_found`.
        """
        found = await self.storage.find_recording(recording_id) if is_id(recording_id) else None
        if found is None:
            raise Refused(
                RefusalKind.NOT_FOUND,
                "recording_not_found",
                f"There is no recording {recording_id}.",
            )
        return found


@asynccontextmanager
async def _kept(settings: Settings) -> AsyncIterator[_Kept]:
    async with storage_of(settings) as storage:
        try:
            yield _Kept(storage, kept_of(settings, storage))
        except Refused as refused:
            raise ServerError(refused.message, _HINTS.get(refused.code)) from refused
        except ObjectStorageError as error:
            raise ServerError(
                f"{error.code}: {error}", "See the object_storage settings."
            ) from error


def listing(settings: Settings, *, meeting: str | None, as_json: bool) -> list[str]:
    """Lines that show recordings, newest first."""

    async def work() -> list[RecordingView]:
        async with _kept(settings) as kept:
            query = RecordingQuery(account=ACCOUNT, limit=_MANY, meeting_id=meeting)
            return await kept.storage.list_recordings(query)

    found = asyncio.run(work())
    return [_json_text(view) if as_json else _line(view) for view in found]


def show(settings: Settings, recording_id: str) -> str:
    """A recording with its files as JSON."""

    async def work() -> RecordingView:
        async with _kept(settings) as kept:
            return await kept.get(recording_id)

    return _json_text(asyncio.run(work()), indent=2)


def download(settings: Settings, recording_id: str, target: Path) -> list[str]:
    """Copy a recording's files and manifest into a directory; the paths written."""

    async def work() -> list[str]:
        async with _kept(settings) as kept:
            view = await kept.get(recording_id)
            names = [file.file_name for file in view.files]
            async with kept.rest.uploads.at_hand(view.id):
                files = kept.rest.uploads.archive.files
                return await asyncio.to_thread(_copy, files, view.id, names, target)

    return asyncio.run(work())


def share(settings: Settings, recording_id: str, ttl: int) -> str:
    """A new link to a recording."""

    async def work() -> str:
        async with _kept(settings) as kept:
            clock = SystemClock()
            secret = await asyncio.to_thread(installed_secret, settings)
            key = TokenSigner(secret, clock).derive("share")
            shares = Shares(kept.storage, kept, key, clock)
            _, token = await shares.create(recording_id, BY, seconds=ttl, allow_download=True)
            url = settings.http.public_url or await asyncio.to_thread(running_url, settings)
            return f"{url or settings.public_url}/s/{token}"

    return asyncio.run(work())


def verify(settings: Settings, recording_id: str | None) -> tuple[list[str], bool]:
    """Decode and check one finished recording, or all; lines, and whether all were good."""

    async def work() -> tuple[list[str], bool]:
        async with _kept(settings) as kept:
            if recording_id is not None:
                views = [await kept.get(recording_id)]
            else:
                query = RecordingQuery(account=ACCOUNT, limit=_MANY, states=_DONE)
                views = await kept.storage.list_recordings(query)
            workers = Workers()
            try:
                reports = [await _verify(workers, kept.rest.uploads, view) for view in views]
            finally:
                await workers.close()
        lines = [line for report, _ in reports for line in report]
        return lines, all(good for _, good in reports)

    return asyncio.run(work())


def remove(settings: Settings, recording_id: str) -> None:
    """Delete a finished recording with its files.

    Raises:
        ServerError: There is none, or it still runs.
    """

    async def work() -> None:
        async with _kept(settings) as kept:
            view = await kept.get(recording_id)
            if view.state not in _DONE:
                raise ServerError(f"the recording is {view.state.value}", "Stop it first.")
            await kept.rest.remove(view, BY, "request")

    asyncio.run(work())


def hold(settings: Settings, recording_id: str, why: str | None, *, on: bool) -> None:
    """Let nobody and nothing delete a recording, or let go of it."""

    async def work() -> None:
        async with _kept(settings) as kept:
            view = await kept.get(recording_id)
            _ = await (kept.rest.hold(view, BY, why) if on else kept.rest.release(view, BY))

    asyncio.run(work())


async def _verify(
    workers: Workers, uploads: Uploads, view: RecordingView
) -> tuple[list[str], bool]:
    request = {"task": "verify", "directory": str(uploads.archive.files.path(view.id))}
    try:
        async with uploads.at_hand(view.id):
            faults = (await workers.run(request)).get("faults")
    except RecordingError as error:
        return [f"{view.id}  {error.code}: {error}"], False
    if not isinstance(faults, list) or not faults:
        return [f"{view.id}  good, {len(view.files)} files"], True
    return [
        f"{view.id}  {fault['file']}  {fault['code']}: {fault['detail']}" for fault in faults
    ], False


def _copy(files: LocalFiles, recording_id: str, names: list[str], target: Path) -> list[str]:
    target.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    for name in [*names, "manifest.json"]:
        try:
            with files.open(recording_id, name) as source, (target / name).open("xb") as copy:
                shutil.copyfileobj(source, copy)
        except FileExistsError as error:
            raise ServerError(f"{target / name} exists already") from error
        except FileNotFoundError as error:
            raise ServerError(f"{name} is not on the disk any more") from error
        written.append(str(target / name))
    return written


def _line(view: RecordingView) -> str:
    seconds = "-" if view.duration_seconds is None else f"{view.duration_seconds:.1f} s"
    started = utc_text(view.started_at)
    return f"{view.id}  {started}  {view.state.value}  {seconds}  {len(view.files)} files"


def _json_text(view: RecordingView, indent: int | None = None) -> str:
    members = {name: plain(getattr(view, name)) for name in view.__slots__ if name != "files"}
    files = [{name: plain(getattr(file, name)) for name in file.__slots__} for file in view.files]
    return json.dumps({**members, "files": files}, indent=indent)
