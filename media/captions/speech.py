"""The words of captions: what was said, when, in which language; and the errors of engines.

MediaError
    TranscriberUnavailableError  an engine cannot run here; says what to do about it
    TranscriberFailedError       one utterance could not be transcribed
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from media.errors import MediaError

SAMPLE_RATE: Final = 16_000
"""What every engine hears: mono, signed 16 bit; speech models are made for it."""


class TranscriberUnavailableError(MediaError):
    """An engine cannot run here.

    Args:
        reason: One sentence.
        hint: What the operator can do.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


class TranscriberFailedError(MediaError):
    """An utterance could not be transcribed; it can be tried later from the recording."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        start: Seconds; from the utterance's start in a Result, on the session's clock in a Caption.
        end: Likewise.
        confidence: 0 to 1, None where the engine knows none.
    """

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What an engine made of one utterance.

    Attributes:
        language: What it was transcribed as, such as `en`.
        final: Nothing will change any more.
    """

    text: str
    words: tuple[Word, ...]
    language: str
    confidence: float | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine, and what it needs.

    Attributes:
        name: `pocketsphinx`, `faster-whisper`, `openai-http` or `null`.
        model_path: Directory of a model (faster-whisper).
        url: Base address, up to and without `/v1` (openai-http).
        key: Its API key, if it wants one.
        model: Name of the model that is asked for (openai-http).
    """

    name: str
    model_path: str | None = None
    url: str | None = None
    key: str | None = None
    model: str = "whisper-1"


LANGUAGES: Final[Mapping[str, frozenset[str] | None]] = {
    "pocketsphinx": frozenset({"en"}),
    "faster-whisper": None,
    "openai-http": None,
    "null": None,
}
"""What each engine understands; None for any language."""


def primary(language: str) -> str:
    """The primary subtag of a language tag (RFC 5646 section 2.2.1): `en` of `en-GB`."""
    return language.replace("_", "-").split("-", 1)[0].lower()


def understands(engine: str, language: str) -> bool:
    """Whether an engine has a model for a language."""
    languages = LANGUAGES.get(engine)
    return languages is None or primary(language) in languages
