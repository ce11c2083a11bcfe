"""A remote engine: `POST /v1/audio/transcriptions`, the interface that OpenAI made common."""

import asyncio
import io
import wave
from collections.abc import Sequence
from typing import Final

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from media.captions.speech import (
    SAMPLE_RATE,
    EngineSpec,
    Result,
    TranscriberFailedError,
    TranscriberUnavailableError,
    Word,
)

_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, connect=10)


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _SaidWord(_Said):
    word: str
    start: float
    end: float
    probability: float | None = None


class _Transcription(_Said):
    """`verbose_json`; servers that know only `json` send the text alone."""

    text: str
    words: list[_SaidWord] = Field(default_factory=list)


class OpenAiHttp:
    """One endpoint."""

    def __init__(self, spec: EngineSpec) -> None:
        self._url = f"{(spec.url or '').rstrip('/')}/v1/audio/transcriptions"
        self._model = spec.model
        self._headers = {"Authorization": f"Bearer {spec.key}"} if spec.key else {}

    def transcribe(self, pcm: bytes, language: str, hints: Sequence[str]) -> Result:
        """Send one utterance as a WAV file and read what comes back.

        Raises:
            TranscriberFailedError: No answer, a refusal, or an answer that cannot be read.
        """
        try:
            said = _Transcription.model_validate_json(asyncio.run(self._ask(pcm, language, hints)))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TranscriberFailedError(f"the speech server does not answer: {error}") from error
        except ValidationError as error:
            raise TranscriberFailedError("the speech server's answer has no text") from error
        words = tuple(
            Word(word.word.strip(), word.start, word.end, word.probability) for word in said.words
        )
        return Result(said.text.strip(), words, language)

    async def _ask(self, pcm: bytes, language: str, hints: Sequence[str]) -> bytes:
        form = aiohttp.FormData()
        form.add_field("file", _wav(pcm), filename="utterance.wav", content_type="audio/wav")
        form.add_field("model", self._model)
        form.add_field("language", language)
        form.add_field("response_format", "verbose_json")
        form.add_field("timestamp_granularities[]", "word")
        if hints:
            form.add_field("prompt", ", ".join(hints))
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, headers=self._headers) as session,
            session.post(self._url, data=form) as answer,
        ):
            body = await answer.read()
            if answer.status != 200:
                raise TranscriberFailedError(f"the speech server answered {answer.status}")
            return body


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm)
    return file.getvalue()


def load(spec: EngineSpec) -> OpenAiHttp:
    """Check the address; the server is asked only when somebody speaks.

    Raises:
        TranscriberUnavailableError: There is no address.
    """
    if not spec.url:
        raise TranscriberUnavailableError(
            "openai-http has no address", "Set transcription.url to the speech server's."
        )
    return OpenAiHttp(spec)
