"""One recording in the hands of the writer thread: its tracks, its manifest, its end."""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from media.clock import Clock
from media.errors import RecordingError
from media.recording.describe import TimeZero
from media.recording.files import RecordingDirectory, error_code
from media.recording.manifest import (
    MANIFEST,
    LossBounds,
    Manifest,
    Paused,
    State,
    TimeBase,
    TrackEntry,
)
from media.recording.plan import Reason
from media.recording.tap import QueuedTap
from media.recording.track import Place, TrackIdentity, TrackWriter
from media.recording.video.plan import Reason as VideoReason
from media.recording.video.tap import QueuedVideoTap
from media.recording.video.track import VideoTrackWriter
from media.types import EndedBy, RecordingResult, RecordingSpec, TrackSource
from media.video import VideoStream

MANIFEST_EVERY_NS = 10_000_000_000
PROCESS_LOSS_MS = 1000
"""Reorder 200, batch 100, muxer 400, and 300 more just after a stall: what is published."""
VIDEO_LOSS_MS = 3000
"""Waiting for a retransmission 1000, a cluster 1000, batch 100, and as much again after a stall."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A track that appeared.

    Attributes:
        identity: Whose.
        tap: Its queue.
        reason: Why its segment begins, when the logical track has others already.
        running_ns: A first packet before this moment continues a stream that ran already.
    """

    identity: TrackIdentity
    tap: QueuedTap
    reason: Reason
    running_ns: int = 0


@dataclass(frozen=True, slots=True)
class OpenedVideo:
    """Pictures that appeared; as `Opened`, with the stream that they come in first."""

    identity: TrackIdentity
    stream: VideoStream
    tap: QueuedVideoTap
    reason: VideoReason


class RecordingJob:
    """Files and manifest of one recording.

    Made on the event loop's side of things without touching the disk; `opened`, `paused` and
    `finish_ns` are how the event loop speaks to it, everything else runs in the writer thread.

    Args:
        spec: What is recorded.
        directory: Opened before; closed by the job.
        clock: For the recording's zero.
        fsync_seconds: Longest time that written pages stay off the disk.
        failed: Called from the writer thread with a code, once, when writing broke down for good.
        earlier: What an earlier writer left of the same recording; its time line goes on.

    Attributes:
        zero: The recording's zero on both clocks.
        opened: Tracks that the writer has not taken over yet.
        paused: Stretches of pause.
        finish_ns: When the recording was stopped; None while it runs.
        ended_by: Why; set before `finish_ns`.
        on_pause: What becomes of a pause.
        done: The result, once everything is closed.
    """

    def __init__(
        self,
        spec: RecordingSpec,
        directory: RecordingDirectory,
        clock: Clock,
        fsync_seconds: float,
        failed: Callable[[str], None],
        earlier: Manifest | None = None,
    ) -> None:
        self.zero = TimeZero(clock.utc(), clock.monotonic_ns())
        if earlier is not None and not earlier.rebuilt:  # same machine, same monotonic clock
            base = earlier.time_base
            self.zero = TimeZero(base.utc, base.monotonic_ns)
        self.opened: deque[Opened | OpenedVideo] = deque()
        self.paused: list[Paused] = []
        self.finish_ns: int | None = None
        self.ended_by: EndedBy = "user"
        self.on_pause = spec.on_pause
        self.done: Future[RecordingResult] = Future()
        self._directory = directory
        self._report_failed = failed
        self._failure: str | None = None
        self._tracks: list[TrackWriter | VideoTrackWriter] = []
        self._entries: dict[tuple[str, TrackSource], TrackEntry] = {}
        self._changed = True
        self._written_ns = self.zero.monotonic_ns
        self._manifest = Manifest(
            id=spec.recording_id,
            meeting_id=spec.meeting_id,
            session_id=spec.session_id,
            state="recording",
            started_at=self.zero.utc,
            started_by=spec.started_by,
            time_base=TimeBase(utc=self.zero.utc, monotonic_ns=self.zero.monotonic_ns),
            rpo=LossBounds(
                process_ms=PROCESS_LOSS_MS,
                power_ms=PROCESS_LOSS_MS + round(fsync_seconds * 1000),
                video_process_ms=VIDEO_LOSS_MS if spec.media == "audio_video" else 0,
            ),
        )
        if earlier is not None:
            self._take_over(earlier)
        self._place = Place(
            recording_id=spec.recording_id,
            directory=directory,
            zero=self.zero,
            fsync_ns=round(fsync_seconds * 1e9),
            rtplog=spec.rtplog,
            cut_pauses=spec.on_pause == "cut",
            entry_for=self._entry_for,
            changed=self._note_change,
            failed=self._note_failure,
        )

    def _take_over(self, earlier: Manifest) -> None:
        self._manifest.tracks = earlier.tracks
        self._manifest.started_by = earlier.started_by
        self.paused.extend(earlier.paused)
        for entry in earlier.tracks:
            self._entries[entry.participant_id, entry.label] = entry

    def write_manifest(self) -> None:
        """Write `manifest.json` as things stand.

        Raises:
            OSError: It could not be written; the old one stays.
        """
        for track in self._tracks:
            track.describe()
        self._manifest.paused = list(self.paused)
        self._directory.replace(MANIFEST, self._manifest.encode())
        self._changed = False

    def service(self, now_ns: int) -> bool:
        """Write what has come; False when the recording is finished and closed."""
        finish_ns = self.finish_ns  # read first: no track appears after it is set
        while self.opened:
            self._open(self.opened.popleft())
        self._tracks = [track for track in self._tracks if track.service(now_ns)]
        self._manifest.duration_ms = ((finish_ns or now_ns) - self.zero.monotonic_ns) / 1e6
        if finish_ns is not None and not self._tracks:
            self._finish(finish_ns)
            return False
        if finish_ns is None:
            self._set_state()
        if self._changed or now_ns - self._written_ns >= MANIFEST_EVERY_NS:
            self._written_ns = now_ns
            self._try_manifest()
        return True

    def _open(self, one: Opened | OpenedVideo) -> None:
        if isinstance(one, Opened):
            track = TrackWriter(one.identity, one.tap, self._place, one.reason, one.running_ns)
            sounds = sum(isinstance(each, TrackWriter) for each in self._tracks)
            self._tracks.insert(sounds, track)  # before pictures, which are put beside sound
            return
        self._tracks.append(
            VideoTrackWriter(one.identity, one.stream, one.tap, self._place, one.reason)
        )

    def abandon(self, reason: str) -> None:
        """Close the files where they are; recovery completes them."""
        for track in self._tracks:
            track.abandon()
        self._directory.close()
        if not self.done.done():
            self.done.set_exception(RecordingError("abandoned", reason))

    def _finish(self, finish_ns: int) -> None:
        manifest = self._manifest
        manifest.ended_at = self.zero.at(finish_ns)
        manifest.ended_by = self.ended_by if self._failure is None else "write_error"
        manifest.state = "ready" if self._failure is None else "failed"
        manifest.reason = self._failure
        self._try_manifest()
        self._directory.close()
        self.done.set_result(manifest.result())

    def _set_state(self) -> None:
        pausing = bool(self.paused) and self.paused[-1].to_ms is None
        state: State = "paused" if pausing else "recording"
        if state != self._manifest.state:
            self._manifest.state = state
            self._changed = True

    def _try_manifest(self) -> None:
        try:
            self.write_manifest()
        except OSError as error:  # tried again in ten seconds; recovery reads the files anyway
            self._changed = False
            _logger.warning("manifest not written", extra={"code": error_code(error)})

    def _entry_for(self, identity: TrackIdentity) -> TrackEntry:
        key = (identity.participant_id, identity.source)
        entry = self._entries.get(key)
        if entry is None:
            entry = TrackEntry(
                number=len(self._entries) + 1,
                participant_id=identity.participant_id,
                name=identity.name,
                kind=identity.source.kind,
                label=identity.source,
            )
            self._entries[key] = entry
            self._manifest.tracks.append(entry)
        return entry

    def _note_change(self) -> None:
        self._changed = True

    def _note_failure(self, code: str) -> None:
        if self._failure is None:
            self._failure = code
            self._report_failed(code)
