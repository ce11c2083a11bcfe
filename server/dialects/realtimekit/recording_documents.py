"""Recordings as the dialect shows them: states, names, links, reasons. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Final

from server.dialects.realtimekit.answers import time_text
from server.dialects.realtimekit.links import LIFE
from server.dialects.realtimekit.meetings import public_config
from server.dialects.realtimekit.reading import Body
from server.records import RecordingFileView, RecordingView
from signaling.model import RecordingState

STATUSES: Final[Mapping[RecordingState, str]] = {
    RecordingState.STARTING: "INVOKED",
    RecordingState.RECORDING: "RECORDING",
    RecordingState.PAUSED: "PAUSED",
    RecordingState.STOPPING: "UPLOADING",
    RecordingState.PROCESSING: "UPLOADING",
    RecordingState.READY: "UPLOADED",
    RecordingState.FAILED: "ERRORED",
}
Link = Callable[[str, str, str], str]


def base_name(view: RecordingView, prefix: object = None) -> str:
    """A recording's name without the ending that tells what its download is."""
    start = prefix if isinstance(prefix, str) and prefix else view.meeting_id
    return f"{start}_{int(view.started_at.timestamp() * 1000)}"


def file_name(view: RecordingView, extra: Body) -> str:
    """The name of the download: one speaker's file as it is, several in an archive."""
    name = extra.get("name")
    base = name if isinstance(name, str) else base_name(view)
    if len(view.files) > 1:
        return base + ".zip"
    return base + (_ending(view.files[0]) if view.files else ".ogg")


def expiry_of(view: RecordingView) -> datetime | None:
    """When the download of a finished recording ends."""
    if view.state is not RecordingState.READY or view.ended_at is None:
        return None
    return view.ended_at + LIFE


def document(
    view: RecordingView, extra: Body, *, on_start: bool, link: Link, now: datetime
) -> Body:
    """A recording with every key that clients need, null where nothing is known."""
    expires = expiry_of(view)
    open_ = expires is not None and expires > now and bool(view.files) and _bucket(extra)
    name = file_name(view, extra)
    url = link("recording", view.id, name) if open_ else None
    track = bool(extra.get("track"))
    invoked = extra.get("invoked")
    shown: dict[str, object] = {
        "id": view.id,
        "status": STATUSES[view.state],
        "output_file_name": name,
        "invoked_time": time_text(
            datetime.fromisoformat(invoked) if isinstance(invoked, str) else view.started_at
        ),
        "started_time": (
            None if view.state is RecordingState.STARTING else time_text(view.started_at)
        ),
        "stopped_time": time_text(view.ended_at),
        "session_id": view.session_id,
        "file_size": sum(file.bytes for file in view.files) if view.files else None,
        "download_url": None if track else url,
        "download_url_expiry": time_text(expires) if open_ else None,
        "audio_download_url": url if extra.get("audio_config") else None,
        "start_reason": _start_reason(on_start=on_start),
    }
    if view.duration_seconds is not None:
        shown["recording_duration"] = round(view.duration_seconds)
    if not view.state.active:
        shown["stop_reason"] = _stop_reason(view, extra)
    if isinstance(extra.get("storage_config"), dict):
        config = public_config({"storage_config": extra["storage_config"]})
        shown["storage_config"] = config["storage_config"] if isinstance(config, dict) else None
    if track and open_:
        shown["track_download_urls"] = _tracks(view, extra, link)
    return shown


def _bucket(extra: Body) -> bool:
    config = extra.get("realtimekit_bucket_config")
    return not (isinstance(config, dict) and config.get("enabled") is False)


def _start_reason(*, on_start: bool) -> Body:
    if on_start:
        return {"reason": "RECORD_ON_START"}
    return {"reason": "API_CALL", "caller": {"type": "ORGANIZATION"}}


def _stop_reason(view: RecordingView, extra: Body) -> Body:
    if view.state is RecordingState.FAILED:
        return {"reason": "INTERNAL_ERROR"}
    if extra.get("stopped_by_api"):
        return {"reason": "API_CALL", "caller": {"type": "ORGANIZATION"}}
    return {"reason": "ALL_PEERS_LEFT"}


def _ending(file: RecordingFileView) -> str:
    return PurePath(file.file_name).suffix


def _tracks(view: RecordingView, extra: Body, link: Link) -> list[Body]:
    layers = extra.get("layers")
    names = list(layers) if isinstance(layers, dict) and layers else ["default"]
    entries = []
    for file in view.files:
        stamp = int((view.started_at.timestamp() + file.offset_seconds) * 1000)
        prefix = extra.get("prefix") or view.meeting_id
        name = (
            f"{prefix}_{file.participant_id}_{file.id}_{file.source.value}_{file.kind.value}"
            f"_{stamp}{_ending(file)}"
        )
        entries.append({"download_url": link("track", f"{view.id}.{file.id}", name)})
    return [
        {"layer_name": layer, "download_urls": {"files": entries, "file": entries[0]}}
        for layer in names
        if entries
    ]
