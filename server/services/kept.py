"""Recordings at rest: listed, found, held, deleted, and what is known of the deleted ones."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Literal, Protocol

import structlog

from media.clock import Clock
from server.records import RecordingView, Tombstone
from server.services.cursors import decode_cursor, page_of
from server.services.products import Products
from server.services.uploads import Uploads
from server.services.views import Page, StoredFile
from server.storage.objects import ObjectStorageError
from server.storage.port import IntegrationStore, RecordingQuery, RecordingStore
from signaling.errors import RefusalKind, Refused
from signaling.ids import is_id
from signaling.model import RecordingState

logger = structlog.get_logger(__name__)

Why = Literal["request", "retention"]


class KeptStore(RecordingStore, IntegrationStore, Protocol):
    """What recordings at rest need of storage."""


class KeptRecordings:
    """Looks after finished recordings.

    Args:
        store: Where they are listed.
        uploads: Where their files are.
        products: What was made of them.
        clock: The process's clock.

    Attributes:
        uploads: Knows and moves their files.
    """

    def __init__(
        self, store: KeptStore, uploads: Uploads, products: Products, clock: Clock
    ) -> None:
        self._store = store
        self.uploads = uploads
        self._products = products
        self._clock = clock

    async def page(  # noqa: PLR0913  (filters, all by keyword)
        self,
        *,
        account: str,
        meeting: str | None = None,
        session: str | None = None,
        state: RecordingState | None = None,
        cursor: str | None = None,
        limit: int = 50,
        member: str | None = None,
        text: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[RecordingView]:
        """Recordings, newest first.

        Args:
            account: Whose.
            meeting: Only those of this meeting (canonical id).
            session: Only those of this session.
            state: Only those in this state.
            cursor: Where the page before ended.
            limit: Items at most.
            member: Only those of meetings that this `sub` belongs to.
            text: Only those whose meeting's title or people's names have it.
            since: Only those that started then or later.
            until: Only those that started before that.

        Raises:
            Refused: `invalid_cursor`.
        """
        query = RecordingQuery(
            account=account,
            limit=limit + 1,
            before=decode_cursor(cursor),
            states=(state,) if state else (),
            meeting_id=meeting,
            session_id=session,
            member=member,
            text=text,
            since=since,
            until=until,
        )
        return page_of(await self._store.list_recordings(query), limit, lambda view: view.id)

    async def file(self, view: RecordingView, file_id: str) -> StoredFile:
        """One file of a finished recording, ready to be served.

        Raises:
            Refused: `file_not_found`, `file_not_ready`, `object_storage_unavailable`.
        """
        for entry in view.files:
            if entry.id == file_id:
                return await asyncio.to_thread(
                    self.uploads.archive.describe,
                    entry.recording_id,
                    entry.file_name,
                    entry.content_type,
                    f'"{entry.sha256}"',
                )
        return await self._products.file(view.id, file_id)

    async def rename(self, view: RecordingView, participant_id: str, name: str) -> None:
        """Call a recorded person otherwise, in lists, players and transcripts.

        The manifest keeps what they were called when it was recorded.

        Raises:
            Refused: `participant_not_found`.
        """
        if not await self._store.rename_recorded(view.id, participant_id, name):
            raise Refused(
                RefusalKind.NOT_FOUND, "participant_not_found", "Nobody of that id was recorded."
            )

    async def hold(self, view: RecordingView, by: str | None, why: str | None) -> RecordingView:
        """Let nobody and nothing delete a recording; a hold that is there already stays."""
        if view.held_at is not None:
            return view
        held = replace(view, held_at=self._clock.utc(), held_by=by, held_why=why)
        await self._keep(held)
        logger.info("recording held", recording=view.id, by=by)
        return held

    async def release(self, view: RecordingView, by: str | None) -> RecordingView:
        """Let a recording be deleted again."""
        free = replace(view, held_at=None, held_by=None, held_why=None)
        await self._keep(free)
        logger.info("recording released", recording=view.id, by=by)
        return free

    async def _keep(self, view: RecordingView) -> None:
        await self._store.change_recording(
            view.id, held_at=view.held_at, held_by=view.held_by, held_why=view.held_why
        )

    async def remove(self, view: RecordingView, by: str | None, why: Why) -> None:
        """Delete a finished recording with its files, here and in object storage.

        Raises:
            Refused: `recording_held`.
            ObjectStorageError: It was not deleted there; everything is as before.
            OSError: Its files were not deleted here; another try goes on.
        """
        if view.held_at is not None:
            raise Refused(
                RefusalKind.CONFLICT,
                "recording_held",
                "This recording is held; somebody has to release it first.",
                {"held_at": view.held_at.isoformat()},
            )
        await self.uploads.remove(view.id)
        _ = await self._store.delete_recording(view.id, _tombstone(view, self._clock, by, why))
        logger.info("recording deleted", recording=view.id, by=by, why=why)

    async def retire(self, view: RecordingView) -> None:
        """Delete one that is older than recordings are kept.

        Raises:
            OSError: Not deleted; it is tried again.
        """
        try:
            await self.remove(view, None, "retention")
        except (ObjectStorageError, Refused) as error:  # one that was held just now
            raise OSError(str(error)) from error

    async def tombstone(self, recording_id: str) -> Tombstone | None:
        """What is known of a deleted recording."""
        if not is_id(recording_id):
            return None
        return await self._store.find_record(Tombstone, recording_id)

    async def tombstones(self, account: str, cursor: str | None, limit: int) -> Page[Tombstone]:
        """Deleted recordings, the last recorded first.

        Raises:
            Refused: `invalid_cursor`.
        """
        found = await self._store.page_records(
            Tombstone, account=account, before=decode_cursor(cursor), most=limit + 1
        )
        return page_of(found, limit, lambda one: one.id)


def _tombstone(view: RecordingView, clock: Clock, by: str | None, why: Why) -> Tombstone:
    return Tombstone(
        id=view.id,
        account=view.account,
        meeting_id=view.meeting_id,
        session_id=view.session_id,
        started_at=view.started_at,
        ended_at=view.ended_at,
        duration_seconds=view.duration_seconds,
        files=len(view.files),
        bytes=sum(file.bytes for file in view.files),
        deleted_at=clock.utc(),
        deleted_by=by,
        why=why,
    )
