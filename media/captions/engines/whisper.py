"""faster-whisper with a model directory that the operator gives; nothing is downloaded."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from media.captions.speech import EngineSpec, Result, TranscriberUnavailableError, Word

_FILES: Final = ("model.bin", "config.json")
"""What a converted CTranslate2 model has at least."""
_THREADS: Final = 2


class Whisper:
    """One model.

    Args:
        model: A `faster_whisper.WhisperModel`.
    """

    def __init__(self, model: Any) -> None:  # noqa: ANN401  (an optional library, without it here)
        self._model = model

    def transcribe(self, pcm: bytes, language: str, hints: Sequence[str]) -> Result:
        """Transcribe one utterance with word times; greedy, for it runs beside meetings."""
        sound = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
        segments, info = self._model.transcribe(
            sound,
            language=language,
            beam_size=1,
            word_timestamps=True,
            condition_on_previous_text=False,
            hotwords=" ".join(hints) or None,
        )
        words = tuple(
            Word(word.word.strip(), float(word.start), float(word.end), float(word.probability))
            for segment in segments
            for word in segment.words or ()
        )
        sure = sum(word.confidence or 0 for word in words) / len(words) if words else None
        text = " ".join(word.text for word in words)
        return Result(text, words, str(info.language), sure)


def load(spec: EngineSpec) -> Whisper:
    """Load the model of the operator's directory.

    Raises:
        TranscriberUnavailableError: No directory, no model in it, or no library.
    """
    directory = _directory(spec)
    try:
        library = import_module("faster_whisper")
    except ImportError as error:
        raise TranscriberUnavailableError(
            "faster-whisper is not installed", "Install `roomtone[whisper]`."
        ) from error
    try:
        model = library.WhisperModel(
            str(directory),
            device="cpu",
            compute_type="int8",
            cpu_threads=_THREADS,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise TranscriberUnavailableError(
            f"the model in {directory} cannot be loaded: {error}",
            "It must be a CTranslate2 conversion of a Whisper model.",
        ) from error
    return Whisper(model)


def _directory(spec: EngineSpec) -> Path:
    hint = "Set transcription.model_path to a directory with a CTranslate2 Whisper model."
    if not spec.model_path:
        raise TranscriberUnavailableError("faster-whisper has no model", hint)
    directory = Path(spec.model_path)
    for name in _FILES:
        if not (directory / name).is_file():
            raise TranscriberUnavailableError(f"{directory / name} is missing", hint)
    return directory
