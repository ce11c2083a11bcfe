from pydantic import SecretStr
from support.clock import FakeClock
from support.engine import FakeEngine

from media.captions.speech import EngineSpec
from server.config import TranscriptionSettings
from server.speech import captioners, engine_spec


def test_an_engine_is_told_what_the_settings_say():
    settings = TranscriptionSettings(
        engine="openai-http", url="http://speech.example", key=SecretStr("k"), model="m"
    )
    wanted = EngineSpec("openai-http", url="http://speech.example", key="k", model="m")
    assert engine_spec(settings) == wanted
    assert engine_spec(TranscriptionSettings(model_path="/m")).model_path == "/m"


async def test_no_engine_runs_before_somebody_wants_captions():
    made = captioners(TranscriptionSettings(), FakeEngine(), FakeClock(), lambda *_: None)
    assert not made.figures().ready
    await made.close()
