import io
import json
import os
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.recording import microphone, speak, started

from media.errors import RecordingError
from media.recording import worker
from media.recording.writer import WriterThread


@pytest.fixture
async def recorded(tmp_path: Path, writer: WriterThread, clock: FakeClock) -> Path:
    recorder = await started(tmp_path, writer, clock)
    speak(microphone(recorder), clock, tone_packets(1.0))
    _ = await recorder.stop()
    return tmp_path


def test_verification_answers_with_its_faults(recorded: Path):
    request = {"task": "verify", "directory": str(recorded)}
    assert worker.work(request, lambda _: None) == {"faults": []}
    next(recorded.glob("*.ogg")).unlink()
    (fault,) = worker.work(request, lambda _: None)["faults"]
    assert fault["code"] == "missing"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"task": "dance"}, "unknown_task"),
        ({"task": "verify", "directory": "/nowhere"}, "write_error"),
    ],
)
def test_what_cannot_be_done_has_a_code(request_: dict, code: str):
    with pytest.raises(RecordingError) as refused:
        worker.work(request_, lambda _: None)
    assert refused.value.code == code


def said(request: dict, monkeypatch, capsys) -> tuple[int, list[dict]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request) + "\n"))
    monkeypatch.setattr(worker, "_end_with_parent", lambda: None)
    monkeypatch.setattr(os, "nice", lambda _: 0)
    code = worker.main()
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_process_speaks_lines_of_json(recorded: Path, monkeypatch, capsys):
    request = {"task": "verify", "directory": str(recorded)}
    code, lines = said(request, monkeypatch, capsys)
    assert code == 0
    assert lines == [{"progress": 1.0}, {"result": {"faults": []}}]
    code, lines = said({"task": "dance"}, monkeypatch, capsys)
    assert code == 1
    assert lines[0]["error"] == "unknown_task"
