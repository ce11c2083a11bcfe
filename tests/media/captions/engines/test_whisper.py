import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from media.captions.engines.whisper import Whisper, load
from media.captions.speech import EngineSpec, TranscriberUnavailableError


def test_no_directory_says_what_to_set():
    with pytest.raises(TranscriberUnavailableError) as refused:
        load(EngineSpec("faster-whisper"))
    assert "transcription.model_path" in refused.value.hint


def test_a_missing_file_is_named(tmp_path: Path):
    (tmp_path / "model.bin").touch()
    with pytest.raises(TranscriberUnavailableError, match=r"config\.json is missing"):
        load(EngineSpec("faster-whisper", model_path=str(tmp_path)))


def test_no_library_or_a_broken_model_is_said_plainly(tmp_path: Path):
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_text("{}")
    there = importlib.util.find_spec("faster_whisper") is not None
    text = "cannot be loaded" if there else "not installed"
    with pytest.raises(TranscriberUnavailableError, match=text):
        load(EngineSpec("faster-whisper", model_path=str(tmp_path)))


def test_words_and_confidence_come_from_the_model():
    word = SimpleNamespace(word=" Hello", start=0.1, end=0.4, probability=0.8)
    segments = [SimpleNamespace(words=[word]), SimpleNamespace(words=None)]
    model = SimpleNamespace(
        transcribe=lambda sound, **_: (segments, SimpleNamespace(language="de"))
    )
    result = Whisper(model).transcribe(b"\x00\x00" * 100, "de", ())
    assert (result.text, result.language, result.confidence) == ("Hello", "de", 0.8)
    assert (result.words[0].start, result.words[0].end) == (0.1, 0.4)
