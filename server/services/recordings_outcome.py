"""What a recording is asked for, what came out of it, and refusals to ask too early or too late."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from media.types import RecordingResult, RecordingSpec
from server.config import RecordingSettings
from server.records import RecordingFileView, RecordingView
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id
from signaling.model import RecordingNotice, RecordingState


def faults_of(result: Mapping[str, object]) -> list[dict[str, str]]:
    """What verification found wrong with files; where they lie in time is not among it."""
    faults = result.get("faults")
    if not isinstance(faults, list):
        return []
    return [fault for fault in faults if fault["code"] != "alignment"]


def spec_of(view: RecordingView, directory: Path, limits: RecordingSettings) -> RecordingSpec:
    """What is asked of the recorder."""
    return RecordingSpec(
        recording_id=view.id,
        room_id=view.session_id,
        directory=directory,
        meeting_id=view.meeting_id,
        session_id=view.session_id,
        started_by=view.started_by,
        rtplog=limits.rtplog,
        on_pause=limits.on_pause,
        media=view.media,
        video_height=limits.video_height,
    )


def notice_of(view: RecordingView) -> RecordingNotice:
    """What people in the meeting are told."""
    return RecordingNotice(view.id, view.state, view.started_by, view.started_at, view.media)


def files_of(recording_id: str, result: RecordingResult) -> tuple[RecordingFileView, ...]:
    """The files of a finished recording, each with an id of its own."""
    return tuple(
        RecordingFileView(
            id=new_id(),
            recording_id=recording_id,
            participant_id=file.participant_id,
            name=file.label,
            kind=file.kind,
            source=file.source,
            content_type=file.content_type,
            segment=file.segment,
            offset_seconds=file.offset_seconds,
            duration_seconds=file.duration_seconds,
            bytes=file.bytes,
            sha256=file.sha256,
            file_name=file.name,
            complete=file.complete,
            clock_skew_ppm=file.clock_skew_ppm,
        )
        for file in result.files
    )


def with_result(view: RecordingView, result: RecordingResult, *, recovered: bool) -> RecordingView:
    """A recording with what it left on disk."""
    started_at = view.started_at if recovered else result.started_at
    return dataclasses.replace(
        view,
        state=RecordingState.READY if result.failed is None else RecordingState.FAILED,
        failure=result.failed,
        recovered=recovered,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=result.duration_seconds),
        duration_seconds=result.duration_seconds,
        files=files_of(view.id, result),
    )


def not_started(code: str) -> Refused:
    """Why no recording began."""
    if code == "disk_full":
        return Refused(
            RefusalKind.STORAGE_FULL, "disk_full", "Too little disk space is left to record."
        )
    return Refused(
        RefusalKind.UNAVAILABLE, "recording_failed", f"The recording could not start ({code})."
    )


def not_ready(view: RecordingView) -> Refused:
    """It is not finished."""
    return Refused(
        RefusalKind.CONFLICT,
        "recording_not_ready",
        "The recording is not finished yet.",
        {"recording_id": view.id, "state": view.state.value},
    )


def has_ended() -> Refused:
    """It takes no commands any more."""
    return Refused(RefusalKind.CONFLICT, "invalid_state", "The recording has ended.")


def no_file() -> Refused:
    """It has no such file."""
    return Refused(RefusalKind.NOT_FOUND, "file_not_found", "There is no such file.")
