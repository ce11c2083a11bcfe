"""What came out of a recording, and the refusals of those who ask too early or too late."""

from collections.abc import Mapping

from media.types import RecordingResult
from server.records import RecordingFileView, RecordingView
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id
from signaling.model import RecordingNotice


def faults_of(result: Mapping[str, object]) -> list[dict[str, str]]:
    """What verification found wrong with files; where they lie in time is not among it."""
    faults = result.get("faults")
    if not isinstance(faults, list):
        return []
    return [fault for fault in faults if fault["code"] != "alignment"]


def notice_of(view: RecordingView) -> RecordingNotice:
    """What people in the meeting are told."""
    return RecordingNotice(view.id, view.state, view.started_by, view.started_at)


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
        )
        for file in result.files
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
