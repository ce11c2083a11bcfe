"""Recordings: started, paused, stopped, kept, found and deleted."""

import asyncio
import dataclasses
from collections.abc import Callable

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
from server.config import Settings
from server.records import RecordingPlace, RecordingView
from server.services.archive import Archive
from server.services.kept import KeptRecordings, KeptStore
from server.services.meetings import MeetingsService
from server.services.products import Product, ProductKind, Products
from server.services.recordings_guard import RecordingsGuard
from server.services.recordings_outcome import (
    faults_of,
    has_ended,
    not_ready,
    not_started,
    notice_of,
    spec_of,
    with_result,
)
from server.services.retention import Retention
from server.services.tracker import Tracker
from server.services.uploads import Uploads
from server.services.views import StorageUse, StoredFile
from server.services.workers import Workers
from server.storage.objects import ObjectStorageError
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
        archive: Where their files are.
        recorders: Where they are written, beside the engine.
        meetings: Tells whether a meeting may be recorded.
        tracker: Tells which session is live.
        clock: The process's clock.
        settings: Disk floor, longest recording, how long recordings are kept and where.
        on_error: Told when a background step fails.

    Attributes:
        announce: Tells people in the session (session id, notice); set by the composition root.
        uploads: Brings finished recordings into object storage.
        products: What is made of finished recordings.
        kept: Finished recordings.
    """

    announce: Announce

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        *,
        store: KeptStore,
        archive: Archive,
        recorders: Recorders,
        meetings: MeetingsService,
        tracker: Tracker,
        clock: Clock,
        settings: Settings,
        on_error: OnError,
    ) -> None:
        self._store = store
        self._files = files = archive.files
        self._recorders = recorders
        self._meetings = meetings
        self._tracker = tracker
        self._clock = clock
        limits = settings.recording
        self._floor_bytes = limits.floor_bytes
        self._limits = limits
        self._guard = RecordingsGuard(
            self,
            files.root,
            clock,
            floor_bytes=limits.floor_bytes,
            max_seconds=limits.max_seconds,
        )
        self.uploads = Uploads(store, archive, clock, settings.object_storage)
        self.products = Products(self.uploads, clock, on_error)
        self.kept = KeptRecordings(store, self.uploads, self.products, clock)
        self._retention = Retention(store, self.kept.retire, clock, limits.retention_days)
        self._scope = TaskScope(on_error)
        self._running: dict[str, _Running] = {}
        self._workers = Workers()

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
        _ = self._scope.spawn(self.uploads.run(), name="upload recordings")

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

    async def delete(self, recording_id: str, by: str | None) -> None:
        """Remove a finished recording with its files, wherever they are.

        Raises:
            Refused: `recording_not_found`, `recording_not_ready` while it is not finished,
                `recording_held`, `object_storage_unavailable`.
        """
        view = await self.get(recording_id)
        if view.state not in FINISHED:
            raise not_ready(view)
        try:
            await self.kept.remove(view, by, "request")
        except ObjectStorageError as error:
            raise Refused(
                RefusalKind.UNAVAILABLE, error.code, "It was not deleted: its storage failed."
            ) from error

    async def rename(self, recording_id: str, participant_id: str, name: str) -> None:
        """Call a recorded person otherwise.

        Raises:
            Refused: `recording_not_found`, `recording_not_ready`, `participant_not_found`.
        """
        view = await self.get(recording_id)
        if view.state not in FINISHED:
            raise not_ready(view)
        await self.kept.rename(view, participant_id, name)

    async def hold(self, recording_id: str, by: str | None, why: str | None) -> RecordingView:
        """Let nobody and nothing delete a recording, also one that still runs.

        Raises:
            Refused: `recording_not_found`.
        """
        held = await self.kept.hold(await self.get(recording_id), by, why)
        self._hold_running(held)
        return held

    async def release(self, recording_id: str, by: str | None) -> RecordingView:
        """Let a recording be deleted again.

        Raises:
            Refused: `recording_not_found`.
        """
        free = await self.kept.release(await self.get(recording_id), by)
        self._hold_running(free)
        return free

    def _hold_running(self, view: RecordingView) -> None:
        running = self._running.get(view.id)
        if running is not None:
            running.view = _held_as(running.view, view)

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
        return await self.kept.file(view, file_id)

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
            done = _held_as(done or running.view, running.view)
            if self.uploads.on and done.state in FINISHED and done.files:
                done = dataclasses.replace(done, place=RecordingPlace.UPLOADING)
            await self._store.save_recording(done)  # before anybody sees it and asks for lists
            running.view = done
            self.announce(done.session_id, notice_of(done))
            if done.place is RecordingPlace.UPLOADING:
                self.uploads.schedule(done.id)
        finally:
            self._running.pop(running.view.id, None)
            running.done.set()


def _held_as(view: RecordingView, other: RecordingView) -> RecordingView:
    """A recording that is held as `other` is: a hold may come while it is being finished."""
    return dataclasses.replace(
        view, held_at=other.held_at, held_by=other.held_by, held_why=other.held_why
    )
