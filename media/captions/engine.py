"""What a worker process asks of a speech engine, and which engines there are."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from media.captions.speech import EngineSpec, Result, TranscriberUnavailableError


class Engine(Protocol):
    """An engine inside a worker process; it may block."""

    def transcribe(self, pcm: bytes, language: str, hints: Sequence[str]) -> Result:
        """Transcribe one utterance of 16 kHz PCM.

        Raises:
            TranscriberFailedError: It could not.
        """
        ...


_MODULES: Final[Mapping[str, str]] = {
    "pocketsphinx": "media.captions.engines.sphinx",
    "faster-whisper": "media.captions.engines.whisper",
    "openai-http": "media.captions.engines.openai_http",
    "null": "media.captions.engines.silent",
}


def load(spec: EngineSpec) -> Engine:
    """Load an engine and its model.

    Raises:
        TranscriberUnavailableError: It cannot run here.
    """
    module = _MODULES.get(spec.name)
    if module is None:
        raise TranscriberUnavailableError(
            f"there is no speech engine {spec.name}", f"Choose one of {', '.join(_MODULES)}."
        )
    loader = cast("Callable[[EngineSpec], Engine]", import_module(module).load)
    return loader(spec)
