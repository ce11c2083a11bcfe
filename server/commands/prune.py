"""`roomtone prune`: deletes recordings that are older than they are kept, or says which."""

import asyncio

from media.clock import SystemClock
from server.commands.parts import kept_of, storage_of
from server.config import Settings
from server.facts import utc_text
from server.records import RecordingView
from server.services.retention import Retention


def prune(settings: Settings, *, dry_run: bool) -> list[str]:
    """Lines that show what was deleted, or would be."""
    found = asyncio.run(_prune(settings, dry_run=dry_run))
    return [_line(view) for view in found]


async def _prune(settings: Settings, *, dry_run: bool) -> list[RecordingView]:
    async with storage_of(settings) as storage:
        delete, days = kept_of(settings, storage).retire, settings.recording.retention_days
        retention = Retention(storage, delete, SystemClock(), days)
        return await (retention.expired() if dry_run else retention.prune())


def _line(view: RecordingView) -> str:
    size = sum(file.bytes for file in view.files)
    ended = utc_text(view.ended_at) if view.ended_at else "-"
    return f"{view.id}  {ended}  {len(view.files)} files  {size} bytes"
