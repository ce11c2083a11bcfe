import sys

import pytest

from media.captions import process
from media.captions.process import ProcessTranscriber
from media.captions.speech import EngineSpec, TranscriberFailedError, TranscriberUnavailableError

READY = "import sys; print('{\"ready\": true}', flush=True); "


@pytest.fixture
def script(monkeypatch):
    def set_script(code: str) -> None:
        monkeypatch.setattr(process, "COMMAND", (sys.executable, "-S", "-c", code))
        monkeypatch.setattr(process, "SHORTEST_PAUSE", 0.0)

    return set_script


@pytest.fixture
async def engine():
    one = ProcessTranscriber(EngineSpec("null"))
    yield one
    await one.close()


async def test_a_process_that_does_not_start_is_unavailable(engine: ProcessTranscriber, script):
    script("pass")
    with pytest.raises(TranscriberUnavailableError, match="does not start"):
        await engine.start()


async def test_an_utterance_that_kills_twice_is_given_up(engine: ProcessTranscriber, script):
    script(READY)
    await engine.start()
    with pytest.raises(TranscriberFailedError, match="died twice"):
        await engine.transcribe(b"\x00", language="en")
    assert engine.restarts == 1


async def test_an_error_of_the_engine_kills_nothing(engine: ProcessTranscriber, script):
    script(READY + 'print(\'{"error": "no"}\', flush=True); sys.stdin.read()')
    await engine.start()
    with pytest.raises(TranscriberFailedError, match="no"):
        await engine.transcribe(b"\x00", language="en")
    assert engine.pid is not None


async def test_a_closed_engine_starts_nothing(engine: ProcessTranscriber, script):
    script(READY)
    await engine.close()
    with pytest.raises(TranscriberFailedError, match="closed"):
        await engine.transcribe(b"\x00", language="en")
    assert engine.pid is None
