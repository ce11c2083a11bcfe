import dataclasses
from datetime import timedelta

from support.domain import NOW, meeting, recording, recording_file, session

from server.dialects.realtimekit.answers import time_text
from server.dialects.realtimekit.reading import Body
from server.dialects.realtimekit.recording_documents import (
    base_name,
    document,
    expiry_of,
    file_name,
)
from server.records import RecordingView
from signaling.model import RecordingState

SESSION = session(meeting())


def link(kind: str, entity: str, name: str) -> str:
    return f"https://rt/{kind}/{entity}/{name}"


def shown(view: RecordingView, extra: Body | None = None, days: float = 0) -> Body:
    now = NOW + timedelta(days=days)
    return document(view, extra or {}, on_start=False, link=link, now=now)


def ready(files: int = 1) -> RecordingView:
    view = recording(SESSION, state=RecordingState.READY, ended_at=NOW, duration_seconds=61.4)
    made = tuple(recording_file(view.id) for _ in range(files))
    return dataclasses.replace(view, files=made)


def test_keys_are_there_though_nothing_is_known():
    found = shown(recording(SESSION, state=RecordingState.STARTING))
    assert found["status"] == "INVOKED"
    for name in ("stopped_time", "file_size", "download_url", "session_id", "download_url_expiry"):
        assert name in found
    assert found["started_time"] is found["download_url"] is None
    assert found["start_reason"] == {"reason": "API_CALL", "caller": {"type": "ORGANIZATION"}}
    assert "stop_reason" not in found


def test_one_speaker_is_a_file_and_several_are_an_archive():
    one, two = shown(ready()), shown(ready(2))
    assert one["download_url"].endswith(".ogg")
    assert two["download_url"].endswith(".zip")
    assert one["audio_download_url"] is None
    assert shown(ready(), {"audio_config": {"codec": "MP3"}})["audio_download_url"]
    assert one["recording_duration"] == 61
    assert one["download_url_expiry"] == time_text(NOW + timedelta(days=7))


def test_links_end_and_may_be_switched_off():
    assert shown(ready(), days=7)["download_url"] is None
    off = {"realtimekit_bucket_config": {"enabled": False}}
    assert shown(ready(), off)["download_url"] is None


def test_reasons_and_storage_are_told_without_secrets():
    extra = {"stopped_by_api": True, "storage_config": {"type": "aws", "secret": "s"}}
    found = shown(ready(), extra)
    assert found["stop_reason"]["reason"] == "API_CALL"
    assert found["storage_config"] == {"type": "aws"}
    assert shown(ready())["stop_reason"] == {"reason": "ALL_PEERS_LEFT"}
    failed = recording(SESSION, state=RecordingState.FAILED)
    assert shown(failed)["stop_reason"] == {"reason": "INTERNAL_ERROR"}
    on_start = document(ready(), {}, on_start=True, link=link, now=NOW)
    assert on_start["start_reason"] == {"reason": "RECORD_ON_START"}


def test_tracks_have_links_of_their_own():
    view = ready(2)
    found = shown(view, {"track": True, "layers": {"mine": {}}, "prefix": "P"})
    assert found["download_url"] is None
    (layer,) = found["track_download_urls"]
    assert layer["layer_name"] == "mine"
    names = [one["download_url"].rpartition("/")[2] for one in layer["download_urls"]["files"]]
    assert names[0].startswith(f"P_{view.files[0].participant_id}_")
    assert layer["download_urls"]["file"] == layer["download_urls"]["files"][0]


def test_names_begin_with_the_prefix_or_the_meeting():
    view = recording(SESSION, state=RecordingState.RECORDING)
    assert base_name(view).startswith(view.meeting_id)
    assert base_name(view, "mine") == f"mine_{int(NOW.timestamp() * 1000)}"
    assert file_name(view, {"name": "kept"}) == "kept.ogg"
    assert expiry_of(view) is None
