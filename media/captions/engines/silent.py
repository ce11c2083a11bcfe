"""The engine that writes nothing: captions run, recordings are kept, no text is made."""

from collections.abc import Sequence

from media.captions.speech import EngineSpec, Result


class Silent:
    """Hears and says nothing."""

    def transcribe(self, pcm: bytes, language: str, hints: Sequence[str]) -> Result:
        """No text."""
        del pcm, hints
        return Result("", (), language)


def load(spec: EngineSpec) -> Silent:
    """Nothing to load."""
    del spec
    return Silent()
