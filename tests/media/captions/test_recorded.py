from pathlib import Path

import pytest
from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.recording import microphone, speak, started

from media.captions.recorded import transcribe
from media.errors import RecordingError
from media.recording.writer import WriterThread


@pytest.fixture
async def request_(tmp_path: Path, writer: WriterThread, clock: FakeClock) -> dict:
    recorder = await started(tmp_path, writer, clock)
    speak(microphone(recorder), clock, tone_packets(2.0))
    result = await recorder.stop()
    file = {
        "file_name": result.files[0].name,
        "track": "f1",
        "participant_id": "p1",
        "name": "Ada",
        "offset_seconds": 1.0,
        "duration_seconds": 2.0,
    }
    engine = {"name": "null"}
    return {"directory": str(tmp_path), "engine": engine, "language": "en", "files": [file]}


def test_tracks_are_read_and_progress_is_told(request_: dict):
    told: list[float] = []
    assert transcribe(request_, told.append) == {"segments": [], "failed": 0}
    assert told
    assert all(0 <= share <= 1 for share in told)


def test_what_the_engine_cannot_do_is_counted(request_: dict):
    request_["engine"] = {"name": "openai-http", "url": "http://127.0.0.1:9"}
    assert transcribe(request_, lambda _: None)["failed"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"engine": {"name": "faster-whisper"}}, "transcription_unavailable"),
        ({"engine": "null"}, "invalid_request"),
        ({"directory": "/nowhere"}, "write_error"),
    ],
)
def test_what_cannot_be_done_has_a_code(request_: dict, change: dict, code: str):
    with pytest.raises(RecordingError) as refused:
        transcribe(request_ | change, lambda _: None)
    assert refused.value.code == code


def test_nothing_recorded_is_nothing_said(request_: dict):
    request_["files"] = None
    assert transcribe(request_, lambda _: None) == {"segments": [], "failed": 0}
