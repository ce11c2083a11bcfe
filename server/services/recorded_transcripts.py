"""Transcripts of recordings: what was captioned meanwhile, or made again from the tracks."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import cast

import structlog

from media.captions.speech import EngineSpec, understands
from media.clock import Clock
from media.errors import RecordingError
from media.tasks import OnError, TaskScope
from media.types import MediaKind
from server.records import RecordingView, TranscriptSegment
from server.services.sessions import SessionsService
from server.services.uploads import Uploads
from server.services.workers import TRANSCRIBE, Workers
from server.storage.port import TranscriptStore
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id
from signaling.model import RecordingState

logger = structlog.get_logger(__name__)


class TranscriptState(StrEnum):
    """Where the transcript of a recording stands."""

    NONE = "none"
    LIVE = "live"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, slots=True)
class TranscriptJob:
    """A transcription of recorded tracks.

    Attributes:
        progress: Share done, 0 to 1.
        failure: Stable code when it failed.
    """

    state: TranscriptState
    progress: float = 0.0
    failure: str | None = None


class RecordedTranscripts:
    """Reads transcripts of recordings and makes them again.

    Args:
        store: Where segments are.
        uploads: Brings recorded files to the local disk where they are not.
        sessions: Finds the session that a recording is of.
        clock: The process's clock.
        engine: The speech engine.
        language: Of recordings whose session was not captioned.
        on_error: Told when a background step fails.
    """

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        *,
        store: TranscriptStore,
        uploads: Uploads,
        sessions: SessionsService,
        clock: Clock,
        engine: EngineSpec,
        language: str,
        on_error: OnError,
    ) -> None:
        self._store = store
        self._uploads = uploads
        self._sessions = sessions
        self._clock = clock
        self._engine = engine
        self._language = language
        self._scope = TaskScope(on_error)
        self._workers = Workers(command=TRANSCRIBE)
        self._jobs: dict[str, TranscriptJob] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def segments(self, recording: RecordingView) -> list[TranscriptSegment]:
        """What was said, in seconds from the recording's start, so that playback can follow."""
        made = await self._store.list_segments(recording.session_id, recording_id=recording.id)
        if made:
            return named(made, recording)
        await self._sessions.settle()
        live = await self._store.list_segments(recording.session_id)
        if not live:
            return []
        session = (await self._sessions.get(recording.session_id)).session
        begun = session.started_at or session.created_at
        offset = (recording.started_at - begun).total_seconds()
        return named(within(moved(live, -offset), recording.duration_seconds), recording)

    async def job(self, recording: RecordingView) -> TranscriptJob:
        """How the transcription stands, or what there is without one."""
        known = self._jobs.get(recording.id)
        if known is not None:
            return known
        if await self._store.list_segments(recording.session_id, recording_id=recording.id):
            return TranscriptJob(TranscriptState.COMPLETED, 1.0)
        live = await self.segments(recording)
        return TranscriptJob(TranscriptState.LIVE if live else TranscriptState.NONE)

    async def make(self, recording: RecordingView, language: str | None = None) -> TranscriptJob:
        """Transcribe the recorded tracks in a process of its own; one that runs is told again.

        Raises:
            Refused: `recording_not_ready`, `unsupported_language`.
        """
        known = self._jobs.get(recording.id)
        if known is not None and known.state is TranscriptState.PROCESSING:
            return known
        if recording.state is not RecordingState.READY:
            raise Refused(
                RefusalKind.CONFLICT, "recording_not_ready", "This recording is not finished."
            )
        language = language or self._language
        if not understands(self._engine.name, language):
            raise Refused(
                RefusalKind.INVALID,
                "unsupported_language",
                f"The speech engine {self._engine.name} does not understand {language}.",
            )
        job = self._jobs[recording.id] = TranscriptJob(TranscriptState.PROCESSING)
        task = self._scope.spawn(self._make(recording, language), name="transcribe recording")
        self._tasks[recording.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(recording.id, None))
        return job

    async def settled(self, recording_id: str) -> None:
        """Wait until a transcription has ended; at once when none runs."""
        task = self._tasks.get(recording_id)
        if task is not None:
            _ = await asyncio.wait({task})

    async def drop(self, recording_id: str) -> None:
        """Let go of a transcription, under way or done: what comes of it is not kept."""
        task = self._tasks.get(recording_id)
        if task is not None:
            _ = task.cancel()
            _ = await asyncio.wait({task})
        _ = self._jobs.pop(recording_id, None)

    async def close(self) -> None:
        """End what runs."""
        await self._workers.close()
        await self._scope.close()

    async def _make(self, recording: RecordingView, language: str) -> None:
        def tell(share: float) -> None:
            if recording.id in self._tasks:  # else dropped, with its process at work still
                self._jobs[recording.id] = TranscriptJob(TranscriptState.PROCESSING, share)

        try:
            async with self._uploads.at_hand(recording.id):
                result = await self._workers.run(self._request(recording, language), tell)
        except RecordingError as error:
            if self._workers.closed:
                return
            logger.error(  # noqa: TRY400  (the code says it all)
                "recording not transcribed", recording=recording.id, code=error.code
            )
            self._jobs[recording.id] = TranscriptJob(TranscriptState.FAILED, failure=error.code)
            return
        rows = cast("list[Mapping[str, object]]", result["segments"])
        segments = [self._segment(recording, row) for row in rows]
        await self._store.replace_segments(recording.id, segments)
        self._jobs[recording.id] = TranscriptJob(TranscriptState.COMPLETED, 1.0)

    def _request(self, recording: RecordingView, language: str) -> dict[str, object]:
        files = [
            {
                "file_name": file.file_name,
                "track": file.id,
                "participant_id": file.participant_id,
                "name": file.name,
                "offset_seconds": file.offset_seconds,
                "duration_seconds": file.duration_seconds,
            }
            for file in recording.files
            if file.kind is MediaKind.AUDIO
        ]
        return {
            "directory": str(self._uploads.archive.files.path(recording.id)),
            "engine": dataclasses.asdict(self._engine),
            "language": language,
            "files": files,
        }

    def _segment(self, recording: RecordingView, row: Mapping[str, object]) -> TranscriptSegment:
        return TranscriptSegment(
            id=new_id(),
            session_id=recording.session_id,
            recording_id=recording.id,
            participant_id=str(row["participant_id"]),
            connection_id=str(row["track"]),
            name=str(row["name"]),
            start=_number(row["start"]),
            end=_number(row["end"]),
            text=str(row["text"]),
            words=cast("list[Mapping[str, object]]", row["words"]),
            language=str(row["language"]),
            engine=self._engine.name,
            confidence=None if row["confidence"] is None else _number(row["confidence"]),
            created_at=self._clock.utc(),
        )


def _number(value: object) -> float:
    return float(cast("float", value))


def moved(segments: Sequence[TranscriptSegment], by: float) -> list[TranscriptSegment]:
    """Segments on a clock that began `by` seconds earlier."""
    return [_moved(one, by) for one in segments]


def named(
    segments: Sequence[TranscriptSegment], recording: RecordingView
) -> list[TranscriptSegment]:
    """Segments of people as the recording calls them now."""
    names = {file.participant_id: file.name for file in recording.files}
    return [
        dataclasses.replace(one, name=names.get(one.participant_id, one.name)) for one in segments
    ]


def within(segments: Sequence[TranscriptSegment], seconds: float | None) -> list[TranscriptSegment]:
    """Those that reach into the time from 0 to `seconds`; None for no end."""
    return [one for one in segments if one.end > 0 and (seconds is None or one.start < seconds)]


def _moved(one: TranscriptSegment, by: float) -> TranscriptSegment:
    words = [
        {
            **word,
            "start": round(_number(word["start"]) + by, 3),
            "end": round(_number(word["end"]) + by, 3),
        }
        for word in one.words
    ]
    return dataclasses.replace(
        one, start=round(max(0.0, one.start + by), 3), end=round(one.end + by, 3), words=words
    )
