"""Recordings: started, paused, stopped, kept, found and deleted."""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import datetime

import structlog

from media.clock import Clock
from media.errors import RecordingError
from media.recording.recovery import recover
from media.tasks import OnError, TaskScope
from media.types import (
    EndedBy,
    RecordedMedia,
    Recorders,
    RunningRecording,
)
from server.config import RecordingSettings
from server.records import RecordingFileView, RecordingView
from server.services.cursors import decode_cursor, page_of
from server.services.meetings import MeetingsService
from server.services.products import Product, ProductKind, Products
from server.services.recordings_guard import RecordingsGuard
from server.services.recordings_outcome import (
    faults_of,
    has_ended,
    no_file,
    not_ready,
    not_started,
    notice_of,
    spec_of,
    with_result,
)
from server.services.retention import Retention
from server.services.tracker import Tracker
from server.services.views import Page, StorageUse, StoredFile
from server.services.workers import Workers
from server.storage.files import LocalFiles
from server.storage.port import RecordingQuery, RecordingStore
from signaling.errors import RefusalKind, Refused
from signaling.ids import is_id, new_id
from signaling.model import (
    Meeting,
    RecordingNotice,
    RecordingState,
    RecordPolicy,
    SessionState,
)

logger = structlog.get_logger(__name__)

Announce = Callable[[str, RecordingNotice], None]
VERIFY_AT_STOP_SECONDS = 10.0
"""How long a stopping server goes on decoding what it recorded last."""
FINISHED = (RecordingState.READY, RecordingState.FAILED)


@dataclasses.dataclass(slots=True)
class _Running:
    """A recording that is not finished; `changing` lets one transition happen at a time."""

    view: RecordingView
    recorder: RunningRecording | None = None
    changing: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)
    done: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)


class RecordingsService:
    """Runs recordings and keeps what they leave.

    Satisfies `signaling.ports.RecordingControl`, `signaling.ports.SessionWatcher` and
    `media.types.RecordingListener`.

    Args:
        store: Where recordings are listed.
        files: Where their files are.
        recorders: Where they are written, beside the engine.
        meetings: Tells whether a meeting may be recorded.
        tracker: Tells which session is live.
        clock: The process's clock.
        limits: Disk floor, longest recording, how long recordings are kept.
        on_error: Told when a background step fails.

    Attributes:
        announce: Tells people in the session (session id, notice); set by the composition root.
        products: What is made of finished recordings.
    """

    announce: Announce

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        *,
        store: RecordingStore,
        files: LocalFiles,
        recorders: Recorders,
        meetings: MeetingsService,
        tracker: Tracker,
        clock: Clock,
        limits: RecordingSettings,
        on_error: OnError,
    ) -> None:
        self._store = store
        self._files = files
        self._recorders = recorders
        self._meetings = meetings
        self._tracker = tracker
        self._clock = clock
        self._floor_bytes = limits.floor_bytes
        self._limits = limits
        self._guard = RecordingsGuard(
            self,
            files.root,
            clock,
            floor_bytes=limits.floor_bytes,
            max_seconds=limits.max_seconds,
        )
        self._retention = Retention(store, self._remove, clock, limits.retention_days)
        self._scope = TaskScope(on_error)
        self._running: dict[str, _Running] = {}
        self._workers = Workers()
        self.products = Products(files, clock, on_error)

    @property
    def active(self) -> int:
        """How many recordings are not finished."""
        return len(self._running)

    def taking_packets(self) -> list[RecordingView]:
        """Those that run or are paused."""
        return [
            one.view for one in self._running.values() if one.recorder and one.view.state.active
        ]

    def running_in(self, session_id: str) -> RecordingView | None:
        """The session's recording that still takes packets, or is about to."""
        for running in self._running.values():
            if running.view.session_id == session_id and running.view.state.active:
                return running.view
        return None

    # life of the process

    async def recover(self) -> None:
        """Finish what a crash left; before anything is recorded."""
        for view in await self._store.unfinished_recordings():
            await self._recover_one(view)
        await self.products.resume()

    async def _recover_one(self, view: RecordingView) -> None:
        path = self._files.path(view.id)
        if await asyncio.to_thread(path.is_dir):
            result = await asyncio.to_thread(recover, path, self._clock)
            done = with_result(view, result, recovered=result.recovered)
            if done.files:  # decoding may take minutes: the server starts meanwhile
                self._verify_later(done)
                return
        else:
            done = dataclasses.replace(
                view, state=RecordingState.FAILED, failure="files_missing", recovered=True
            )
        await self._store.save_recording(done)
        logger.info("recording recovered", recording=view.id, state=done.state.value)

    def _verify_later(self, done: RecordingView) -> None:
        running = _Running(dataclasses.replace(done, state=RecordingState.PROCESSING))
        self._running[done.id] = running

        async def verify() -> None:
            view: RecordingView | None = None
            try:
                view = await self._verified(done)
            finally:
                await self._finish(running, view)
            logger.info("recording recovered", recording=done.id, state=running.view.state.value)

        _ = self._scope.spawn(verify(), name="verify recovered recording")

    async def start_writing(self) -> None:
        """Be ready to record, and start what watches recordings."""
        self._recorders.start()
        _ = self._scope.spawn(self._guard.run(), name="watch recordings")
        _ = self._scope.spawn(self._retention.run(), name="delete old recordings")

    async def stop_all(self) -> None:
        """Stop every recording and wait until its files are whole; then the recorders."""
        for running in list(self._running.values()):
            await self.end(running.view.id, "shutdown")
        try:
            async with asyncio.timeout(VERIFY_AT_STOP_SECONDS):
                await self._all_done()
        except TimeoutError:  # they stay `processing`; the next start verifies them
            await self._workers.close()
            await self._all_done()
        await self.products.close()
        await self._scope.close()
        await self._workers.close()
        await asyncio.to_thread(self._recorders.stop)

    async def _all_done(self) -> None:
        for running in list(self._running.values()):
            _ = await running.done.wait()

    # commands

    async def start(
        self, meeting_id: str, by: str | None, media: RecordedMedia | None = None
    ) -> RecordingNotice:
        """Record the meeting's live session.

        Args:
            meeting_id: Which meeting.
            by: Who wants it.
            media: Whether pictures too; as the server's setting says when left out.

        Raises:
            Refused: `meeting_not_found`, `recording_off`, `no_active_session`,
                `recording_running` (with `recording_id`), `disk_full`, `recording_failed`.
        """
        meeting = await self._meetings.get(meeting_id)
        if meeting.record is RecordPolicy.OFF:
            raise Refused(
                RefusalKind.FORBIDDEN, "recording_off", "This meeting must not be recorded."
            )
        session_id = self._live_session(meeting.id)
        running = self._reserve(meeting, session_id, by, media or self._limits.media)
        async with running.changing:
            try:
                await self._begin(running)
            except BaseException as error:
                code = error.code if isinstance(error, RecordingError) else "recording_failed"
                await asyncio.shield(self._failed_to_start(running, code))
                if isinstance(error, RecordingError | OSError):
                    raise not_started(code) from error
                raise
        return notice_of(running.view)

    def _live_session(self, meeting_id: str) -> str:
        live = self._tracker.live_session(meeting_id)
        if live is None or live.session.state is SessionState.PENDING:
            raise Refused(
                RefusalKind.CONFLICT, "no_active_session", "Nobody is in this meeting now."
            )
        return live.session.id

    def _reserve(
        self, meeting: Meeting, session_id: str, by: str | None, media: RecordedMedia
    ) -> _Running:
        other = self.running_in(session_id)
        if other is not None:
            raise Refused(
                RefusalKind.CONFLICT,
                "recording_running",
                "This meeting is being recorded already.",
                {"recording_id": other.id},
            )
        view = RecordingView(
            id=new_id(),
            meeting_id=meeting.id,
            session_id=session_id,
            account=meeting.account,
            state=RecordingState.STARTING,
            started_at=self._clock.utc(),
            started_by=by,
            media=media,
        )
        running = self._running[view.id] = _Running(view)
        return running

    async def _begin(self, running: _Running) -> None:
        view = running.view
        await self._change(running, RecordingState.STARTING)
        directory = await asyncio.to_thread(self._files.make, view.id)
        spec = spec_of(view, directory, self._limits)
        running.recorder = await self._recorders.record(
            spec, self, disk_floor_bytes=self._floor_bytes
        )
        running.view = dataclasses.replace(view, started_at=self._clock.utc())
        await self._change(running, RecordingState.RECORDING)

    async def _failed_to_start(self, running: _Running, code: str) -> None:
        if running.recorder is not None:
            _ = await running.recorder.stop()
        done = dataclasses.replace(
            running.view,
            state=RecordingState.FAILED,
            failure=code,
            ended_at=self._clock.utc(),
            duration_seconds=0.0,
        )
        await self._finish(running, done)

    async def pause(self, recording_id: str) -> RecordingNotice:
        """Store nothing until `resume`; nothing happens when it is paused.

        Raises:
            Refused: `recording_not_found`, `invalid_state` when it has ended.
        """
        running = await self._needed(recording_id)
        async with running.changing:
            if running.view.state is not RecordingState.PAUSED:
                self._recorder(running).pause()
                await self._change(running, RecordingState.PAUSED)
        return notice_of(running.view)

    async def resume(self, recording_id: str) -> RecordingNotice:
        """Store again; nothing happens when it was not paused.

        Raises:
            Refused: `recording_not_found`, `invalid_state` when it has ended.
        """
        running = await self._needed(recording_id)
        async with running.changing:
            if running.view.state is not RecordingState.RECORDING:
                self._recorder(running).resume()
                await self._change(running, RecordingState.RECORDING)
        return notice_of(running.view)

    async def stop(self, recording_id: str, by: str | None) -> RecordingNotice:
        """Stop; the files are made whole in the background. Nothing happens when it has ended.

        Raises:
            Refused: `recording_not_found`.
        """
        running = self._running.get(recording_id)
        if running is None:
            return notice_of(await self.get(recording_id))
        await self._stop(running, "user", by)
        return notice_of(running.view)

    async def end(self, recording_id: str, why: EndedBy) -> None:
        """Stop one for a reason other than somebody's wish; nothing happens when it has ended."""
        running = self._running.get(recording_id)
        if running is not None:
            await self._stop(running, why, None)

    async def _stop(self, running: _Running, why: EndedBy, by: str | None) -> None:
        async with running.changing:
            if running.view.state.active:
                logger.info("recording stopped", recording=running.view.id, by=by, why=why)
                await self._end(running, why)

    async def _end(self, running: _Running, why: EndedBy) -> None:
        recorder = self._recorder(running)
        await self._change(running, RecordingState.STOPPING)
        _ = self._scope.spawn(self._process(running, recorder, why), name="finish recording")

    async def _process(self, running: _Running, recorder: RunningRecording, why: EndedBy) -> None:
        done: RecordingView | None = None
        try:
            await self._change(running, RecordingState.PROCESSING)
            done = await self._outcome(running.view, recorder, why)
        finally:
            await self._finish(running, done)

    async def _outcome(
        self, view: RecordingView, recorder: RunningRecording, why: EndedBy
    ) -> RecordingView:
        try:
            result = await recorder.stop(why)
        except RecordingError as error:
            return dataclasses.replace(
                view,
                state=RecordingState.FAILED,
                failure=error.code,
                ended_at=self._clock.utc(),
            )
        done = with_result(view, result, recovered=False)
        if view.failure is None:
            return await self._verified(done)
        return dataclasses.replace(done, state=RecordingState.FAILED, failure=view.failure)

    async def _verified(self, done: RecordingView) -> RecordingView:
        """The recording as `ready` once every file of it was decoded, else as `failed`."""
        if not done.files or done.state is not RecordingState.READY:
            return done
        request = {"task": "verify", "directory": str(self._files.path(done.id))}
        try:
            found = faults_of(await self._workers.run(request))
        except RecordingError as error:
            if self._workers.closed:
                return dataclasses.replace(done, state=RecordingState.PROCESSING)
            logger.error(  # noqa: TRY400  (the code says it all)
                "recording not verified", recording=done.id, code=error.code
            )
            return dataclasses.replace(done, state=RecordingState.FAILED, failure=error.code)
        for fault in found:
            logger.error("recorded file is not whole", recording=done.id, **fault)
        if not found:
            return done
        return dataclasses.replace(done, state=RecordingState.FAILED, failure="verification_failed")

    # what others tell

    def recording_failed(self, recording_id: str, code: str) -> None:
        """Writing broke down for good; what was written is kept."""
        running = self._running.get(recording_id)
        if running is None or running.view.failure is not None:
            return
        running.view = dataclasses.replace(running.view, failure=code)
        logger.error("recording failed", recording=recording_id, code=code)
        _ = self._scope.spawn(self.end(recording_id, "write_error"), name="stop failed recording")

    async def session_started(self, meeting: Meeting, session_id: str) -> None:
        """Start the recording when the meeting wants one always."""
        if meeting.record is not RecordPolicy.ALWAYS:
            return
        try:
            _ = await self.start(meeting.id, None)
        except Refused as refused:
            logger.error(  # noqa: TRY400  (the code says it all)
                "recording not started", session=session_id, code=refused.code
            )

    async def session_ended(self, meeting_id: str, session_id: str) -> None:
        """Stop what runs."""
        running = self.running_in(session_id)
        if running is not None:
            logger.info("session ended", meeting=meeting_id, recording=running.id)
            await self.end(running.id, "empty")

    # reading

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

    async def storage(self, account: str) -> StorageUse:
        """How much an account's recordings take, and how much room is left."""
        recordings, size = await self._store.recorded_total(account)
        free = await asyncio.to_thread(self._guard.free_bytes)
        return StorageUse(recordings, size, free)

    async def get(self, recording_id: str) -> RecordingView:
        """One recording.

        Raises:
            Refused: `recording_not_found`.
        """
        running = self._running.get(recording_id)
        if running is not None:
            return running.view
        found = await self._store.find_recording(recording_id) if is_id(recording_id) else None
        if found is None:
            raise Refused(
                RefusalKind.NOT_FOUND, "recording_not_found", "There is no such recording."
            )
        return found

    async def finished(self, recording_id: str) -> RecordingView:
        """Wait until a recording is ready or failed.

        Raises:
            Refused: `recording_not_found`.
        """
        running = self._running.get(recording_id)
        if running is not None:
            _ = await running.done.wait()
        return await self.get(recording_id)

    async def delete(self, recording_id: str) -> None:
        """Remove a finished recording with its files.

        Raises:
            Refused: `recording_not_found`, `recording_not_ready` while it is not finished.
        """
        view = await self.get(recording_id)
        if view.state not in FINISHED:
            raise not_ready(view)
        await self._remove(view)

    async def _remove(self, view: RecordingView) -> None:
        await asyncio.to_thread(self._files.remove, view.id)
        _ = await self._store.delete_recording(view.id)

    async def make(self, recording_id: str, kind: ProductKind, form: str | None) -> Product:
        """Have a mix, stems or peaks made of a finished recording.

        Raises:
            Refused: `recording_not_found`, `recording_not_ready`, `format_unsupported`.
        """
        view = await self.get(recording_id)
        if view.state not in FINISHED:
            raise not_ready(view)
        return await self.products.ask(view.id, kind, form)

    async def file(self, recording_id: str, file_id: str) -> StoredFile:
        """One file, ready to be served.

        Raises:
            Refused: `recording_not_found`, `recording_not_ready`, `file_not_found`,
                `file_not_ready`.
        """
        view = await self.get(recording_id)
        if view.state not in FINISHED:
            raise not_ready(view)
        for entry in view.files:
            if entry.id == file_id:
                return await asyncio.to_thread(self._stored_file, view.id, entry)
        return await self.products.file(view.id, file_id)

    def _stored_file(self, recording_id: str, entry: RecordingFileView) -> StoredFile:
        try:
            facts = self._files.facts(recording_id, entry.file_name)
        except FileNotFoundError as error:
            raise no_file() from error
        return StoredFile(
            path=self._files.path(recording_id, entry.file_name),
            content_type=entry.content_type,
            etag=f'"{entry.sha256}"',
            filename=entry.file_name,
            modified=facts.modified,
            size=facts.size,
            opener=lambda: self._files.open(recording_id, entry.file_name),
        )

    # inside

    async def _needed(self, recording_id: str) -> _Running:
        running = self._running.get(recording_id)
        if running is None:
            _ = await self.get(recording_id)
            raise has_ended()
        return running

    def _recorder(self, running: _Running) -> RunningRecording:
        if running.recorder is None or not running.view.state.active:
            raise has_ended()
        return running.recorder

    async def _change(self, running: _Running, state: RecordingState) -> None:
        running.view = dataclasses.replace(running.view, state=state)
        self.announce(running.view.session_id, notice_of(running.view))
        await self._store.save_recording(running.view)

    async def _finish(self, running: _Running, done: RecordingView | None) -> None:
        """Let go of a recording; without a result it stays as it is, for the next start."""
        try:
            done = done or running.view
            await self._store.save_recording(done)  # before anybody sees it and asks for lists
            running.view = done
            self.announce(done.session_id, notice_of(done))
        finally:
            self._running.pop(running.view.id, None)
            running.done.set()
