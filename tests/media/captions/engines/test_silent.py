from media.captions.engines.silent import load
from media.captions.speech import EngineSpec


def test_it_says_nothing_in_any_language():
    result = load(EngineSpec("null")).transcribe(b"\x00" * 100, "de", ("Ada",))
    assert (result.text, result.words, result.language) == ("", (), "de")
