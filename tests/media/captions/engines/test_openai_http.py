import asyncio
import io
import wave
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from media.captions.engines.openai_http import load
from media.captions.speech import EngineSpec, TranscriberFailedError, TranscriberUnavailableError


class SpeechServer:
    """Remembers what it was asked, and answers as told."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.status = 200
        self.answer: dict[str, Any] = {"text": ""}

    async def transcribe(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked = {name: value for name, value in form.items() if isinstance(value, str)}
        with wave.open(io.BytesIO(form["file"].file.read())) as file:
            self.asked["sound"] = (file.getframerate(), file.getnframes())
        self.asked["key"] = request.headers.get("Authorization")
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
def speech():
    return SpeechServer()


@pytest.fixture
async def url(speech: SpeechServer):
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", speech.transcribe)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def ask(url: str, **spec: str):
    engine = load(EngineSpec("openai-http", url=url, **spec))
    return await asyncio.to_thread(engine.transcribe, b"\x00\x00" * 1600, "de", ("Ada",))


async def test_an_utterance_is_sent_as_wav_and_words_come_back(speech: SpeechServer, url: str):
    speech.answer = {"text": " Hallo ", "words": [{"word": "Hallo", "start": 0.0, "end": 0.5}]}
    result = await ask(url, key="secret", model="big")
    assert (result.text, result.words[0].text, result.words[0].end) == ("Hallo", "Hallo", 0.5)
    assert speech.asked["sound"] == (16_000, 1600)
    assert (speech.asked["model"], speech.asked["language"]) == ("big", "de")
    assert (speech.asked["prompt"], speech.asked["key"]) == ("Ada", "Bearer secret")


async def test_text_without_words_is_enough(speech: SpeechServer, url: str):
    speech.answer = {"text": "Hallo"}
    assert (await ask(url)).words == ()
    assert speech.asked["key"] is None


@pytest.mark.parametrize(("status", "answer"), [(500, {"text": "x"}), (200, {"nothing": 1})])
async def test_refusals_and_rubbish_fail(
    speech: SpeechServer, url: str, status: int, answer: dict[str, Any]
):
    speech.status, speech.answer = status, answer
    with pytest.raises(TranscriberFailedError):
        await ask(url)


async def test_nobody_there_fails():
    with pytest.raises(TranscriberFailedError, match="does not answer"):
        await ask("http://127.0.0.1:9")


def test_no_address_says_what_to_set():
    with pytest.raises(TranscriberUnavailableError) as refused:
        load(EngineSpec("openai-http"))
    assert "transcription.url" in refused.value.hint
