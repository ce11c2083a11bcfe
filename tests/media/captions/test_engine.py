import pytest

from media.captions.engine import load
from media.captions.speech import LANGUAGES, EngineSpec, TranscriberUnavailableError


def test_every_engine_has_languages():
    with pytest.raises(TranscriberUnavailableError) as refused:
        load(EngineSpec("parrot"))
    assert all(name in refused.value.hint for name in LANGUAGES)


def test_the_silent_engine_loads():
    assert load(EngineSpec("null")).transcribe(b"", "en", ()).text == ""
