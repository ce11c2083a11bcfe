"""A recording as the event loop sees it: taps to hand packets to, pause, resume, stop."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator

from media.clock import Clock
from media.errors import RecordingError
from media.recording.files import RecordingDirectory, error_code
from media.recording.job import Opened, OpenedVideo, RecordingJob
from media.recording.manifest import Manifest, Paused
from media.recording.plan import Reason
from media.recording.recovery import reopen
from media.recording.tap import QueuedTap
from media.recording.track import TrackIdentity
from media.recording.video.frames import CODECS
from media.recording.video.plan import Reason as VideoReason
from media.recording.video.tap import QueuedVideoTap
from media.recording.writer import WriterThread
from media.types import (
    EndedBy,
    MediaKind,
    RecordingListener,
    RecordingResult,
    RecordingSpec,
    TrackSource,
    TrackTap,
)
from media.video import VideoStream, VideoTap

DISK_FLOOR_BYTES = 2 << 30
"""Below this no recording starts: the rest of the machine needs the space."""
RUNNING_NS = 100_000_000
"""A track that sends nothing for this long begins with a new sound, of which nothing is cut."""
MAX_WAITING_TRACKS = 1000
"""Tracks that may appear within one round of the writer thread."""

_logger = logging.getLogger(__name__)


class Recorder:
    """One running recording; made by `start`, used on the event loop, never blocking it."""

    def __init__(
        self, job: RecordingJob, writer: WriterThread, clock: Clock, *, video_height: int = 0
    ) -> None:
        self.height = video_height
        self._job = job
        self._writer = writer
        self._clock = clock
        self._taps: list[QueuedTap | QueuedVideoTap] = []
        self._last: dict[tuple[str, TrackSource], str] = {}
        self._result: asyncio.Future[RecordingResult] | None = None
        self._attaching = False

    @classmethod
    async def start(
        cls,
        spec: RecordingSpec,
        writer: WriterThread,
        clock: Clock,
        listener: RecordingListener,
        *,
        disk_floor_bytes: int = DISK_FLOOR_BYTES,
    ) -> "Recorder":
        """Check the directory, write the first manifest and begin.

        Args:
            spec: What to record and where.
            writer: The running writer thread.
            clock: The process's clock.
            listener: Hears when writing breaks down for good.
            disk_floor_bytes: Free space below which no recording starts.

        Raises:
            RecordingError: `directory_not_writable`, `directory_in_use`, `disk_full` or
                `write_error`.
        """
        loop = asyncio.get_running_loop()

        def failed(code: str) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and its listener with it
                loop.call_soon_threadsafe(listener.recording_failed, spec.recording_id, code)

        def prepare() -> RecordingJob:
            return _prepare(spec, clock, writer.fsync_seconds, disk_floor_bytes, failed)

        job = await asyncio.to_thread(prepare)
        try:
            writer.add(job)
        except RuntimeError:
            job.abandon("the writer thread does not run")
            raise
        return cls(job, writer, clock, video_height=spec.video_height)

    def open_track(
        self, participant_id: str, label: str, source: TrackSource, connection_id: str, ssrc: int
    ) -> TrackTap | None:
        """A tap for a track that appeared; None for video and after `stop`.

        Tracks of the same participant and source are segments of one logical track.
        """
        if source.kind is not MediaKind.AUDIO or self._result is not None:
            return None
        if not self._has_room(participant_id):
            return None
        tap = QueuedTap(self._clock, paused=self._is_paused())
        identity = TrackIdentity(participant_id, label, source, connection_id, ssrc)
        reason = Reason.SSRC if self._keep(tap, identity) else Reason.RECONNECT
        running_ns = self._clock.monotonic_ns() + RUNNING_NS if self._attaching else 0
        self._job.opened.append(Opened(identity, tap, reason, running_ns))
        return tap

    def open_video(
        self,
        participant_id: str,
        label: str,
        source: TrackSource,
        connection_id: str,
        stream: VideoStream,
    ) -> VideoTap | None:
        """A tap for a camera or a screen; None after `stop`, and for codecs that no file holds."""
        if self._result is not None or not self._has_room(participant_id):
            return None
        if stream.codec not in CODECS:
            _logger.warning("pictures not recorded", extra={"codec": stream.codec})
            return None
        tap = QueuedVideoTap(self._clock, paused=self._is_paused())
        identity = TrackIdentity(participant_id, label, source, connection_id, stream.ssrc)
        reason = VideoReason.SSRC if self._keep(tap, identity) else VideoReason.RECONNECT
        self._job.opened.append(OpenedVideo(identity, stream, tap, reason))
        return tap

    def _has_room(self, participant_id: str) -> bool:
        if len(self._job.opened) < MAX_WAITING_TRACKS:
            return True
        _logger.error("track not recorded", extra={"participant_id": participant_id})
        return False

    def _keep(self, tap: QueuedTap | QueuedVideoTap, identity: TrackIdentity) -> bool:
        """Know a tap until it closes; True when its connection sent the same source before."""
        self._taps = [one for one in self._taps if one.closed_ns is None]
        self._taps.append(tap)
        key = (identity.participant_id, identity.source)
        before, self._last[key] = self._last.get(key), identity.connection_id
        return before == identity.connection_id

    @contextlib.contextmanager
    def attaching(self) -> Iterator[None]:
        """Tracks that are opened meanwhile had been sending before the recording began."""
        self._attaching = True
        try:
            yield
        finally:
            self._attaching = False

    def pause(self) -> None:
        """Store nothing from now on, as the recording's `on_pause` says. Idempotent."""
        if self._is_paused() or self._result is not None:
            return
        from_ms = self._elapsed_ms(self._clock.monotonic_ns())
        self._job.paused.append(Paused(from_ms=from_ms, mode=self._job.on_pause))
        for tap in self._taps:
            tap.paused = True
        self._writer.wake()

    def resume(self) -> None:
        """Store again from now on. Idempotent."""
        if self._result is None:
            self._end_pause(self._clock.monotonic_ns())

    async def stop(self, ended_by: EndedBy = "user") -> RecordingResult:
        """Fill every track up to now, close and describe the files. Idempotent.

        Args:
            ended_by: Why, for the manifest.

        Raises:
            RecordingError: `abandoned` when the writer thread ended before it could finish.
        """
        if self._result is None:
            now_ns = self._clock.monotonic_ns()
            self._end_pause(now_ns)
            for tap in self._taps:
                tap.close_at(now_ns)
            self._result = asyncio.wrap_future(self._job.done)
            self._job.ended_by = ended_by
            self._job.finish_ns = now_ns
            self._writer.wake()
        return await asyncio.shield(self._result)

    def _is_paused(self) -> bool:
        return bool(self._job.paused) and self._job.paused[-1].to_ms is None

    def _end_pause(self, now_ns: int) -> None:
        if not self._is_paused():
            return
        self._job.paused[-1].to_ms = self._elapsed_ms(now_ns)
        for tap in self._taps:
            tap.paused = False
        self._writer.wake()

    def _elapsed_ms(self, now_ns: int) -> float:
        return (now_ns - self._job.zero.monotonic_ns) / 1e6


def _prepare(
    spec: RecordingSpec,
    clock: Clock,
    fsync_seconds: float,
    disk_floor_bytes: int,
    failed: Callable[[str], None],
) -> RecordingJob:
    """Open the directory, see that it can be written, and write the first manifest. Blocks."""
    try:
        directory = RecordingDirectory(spec.directory)
    except OSError as error:
        message = "the recording's directory cannot be opened"
        raise RecordingError("directory_not_writable", message) from error
    try:
        earlier = _check(directory, spec, clock, disk_floor_bytes)
        job = RecordingJob(spec, directory, clock, fsync_seconds, failed, earlier)
        job.write_manifest()
    except OSError as error:
        directory.close()
        message = "the recording's directory cannot be written"
        raise RecordingError(error_code(error), message) from error
    except RecordingError:
        directory.close()
        raise
    return job


def _check(
    directory: RecordingDirectory, spec: RecordingSpec, clock: Clock, disk_floor_bytes: int
) -> Manifest | None:
    """See that the directory is ours alone; what a dead writer left in it is made whole."""
    if not directory.lock() or (directory.names() and not spec.continues):
        raise RecordingError("directory_in_use", "the recording's directory is used by another")
    if directory.free_bytes() < disk_floor_bytes:
        raise RecordingError("disk_full", "too little space is left for a recording")
    return reopen(directory, spec.directory, clock) if spec.continues else None
