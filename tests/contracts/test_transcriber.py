"""What every speech engine keeps to, each in a real process of its own."""

import asyncio
import os
import signal

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support.speech import needs_espeak, script, word_errors
from support.wait import until

from media.captions.process import ProcessTranscriber
from media.captions.speech import EngineSpec, TranscriberUnavailableError
from media.captions.transcriber import Transcriber

TEXT = "the weather is nice today"


async def _speech_server(request: web.Request) -> web.Response:
    _ = await request.post()
    words = [{"word": word, "start": 0.6, "end": 0.7} for word in TEXT.split()]
    return web.json_response({"text": TEXT, "words": words})


@pytest.fixture(params=["pocketsphinx", "openai-http", "null"])
async def engine(request: pytest.FixtureRequest):
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", _speech_server)
    async with TestServer(app) as server:
        one = ProcessTranscriber(EngineSpec(request.param, url=str(server.make_url("/"))))
        await one.start()
        yield one
        await one.close()


@pytest.fixture
def sound() -> bytes:
    return (script((0.5, TEXT), rate=16_000) * 32767).astype(np.int16).tobytes()


@needs_espeak
async def test_text_words_and_times_agree(engine: Transcriber, sound: bytes):
    result = await engine.transcribe(sound, language="en")
    assert result.final
    if engine.name == "null":
        assert result.text == ""
        return
    assert word_errors(TEXT, result.text) <= 1
    assert " ".join(word.text for word in result.words) == result.text
    assert all(0 <= word.start <= word.end <= len(sound) / 32_000 for word in result.words)


async def test_silence_is_short_work(engine: Transcriber):
    result = await engine.transcribe(b"\x00\x00" * 8000, language="en", hints=("Ada",))
    assert result.language == "en"


@needs_espeak
async def test_a_dead_process_is_replaced_and_the_utterance_done(
    engine: ProcessTranscriber, sound: bytes
):
    dead = engine.pid
    assert dead is not None
    os.kill(dead, signal.SIGSTOP)
    waiting = asyncio.create_task(engine.transcribe(sound, language="en"))
    await asyncio.sleep(0)  # the utterance is in flight
    os.kill(dead, signal.SIGKILL)
    result = await waiting
    assert engine.pid not in (None, dead)
    assert (await engine.health())["restarts"] == 1
    assert engine.name == "null" or word_errors(TEXT, result.text) <= 1


async def test_closing_ends_the_process(engine: ProcessTranscriber):
    pid = engine.pid
    assert pid is not None
    await engine.close()
    await engine.close()
    await until(lambda: not os.path.exists(f"/proc/{pid}"))  # noqa: PTH110


async def test_what_cannot_run_says_so_at_the_start():
    one = ProcessTranscriber(EngineSpec("faster-whisper", model_path="/nowhere"))
    with pytest.raises(TranscriberUnavailableError) as refused:
        await one.start()
    assert "transcription.model_path" in refused.value.hint
    assert one.pid is None
