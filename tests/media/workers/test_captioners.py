"""Captions in real workers, and what the death of one costs."""

import os
import signal

import pytest
from support.captions import CaptionsHeard
from support.hall import Hall
from support.speech import PHRASES, VoiceTrack, needs_espeak, script, word_errors
from support.wait import until

from media.captions.port import CaptionEngines, CaptionFigures, CaptionSpec
from media.captions.speech import EngineSpec, TranscriberUnavailableError
from media.clock import SystemClock
from media.workers.captioners import added
from media.workers.remote import WorkerEngine


@pytest.fixture
async def hall(request: pytest.FixtureRequest):
    """One worker with a speech engine, and the people in it."""
    engines = CaptionEngines(EngineSpec(request.param, model_path="/nowhere"), 1, 5)
    hall = Hall(
        make=lambda settings, clock, fault: WorkerEngine(settings, 1, 1.0, clock, fault, engines)
    )
    await hall.engine.start()
    yield hall
    await hall.close()


def spec() -> CaptionSpec:
    return CaptionSpec("r", SystemClock().monotonic_ns(), "en")


@needs_espeak
@pytest.mark.parametrize("hall", ["pocketsphinx"], indirect=True)
async def test_what_is_said_in_a_worker_is_told_here_as_text(hall: Hall):
    told, begun = CaptionsHeard(), SystemClock().monotonic()
    running = await hall.engine.captioners.caption(spec(), told)
    voice = VoiceTrack(script((1.0, PHRASES[1])))
    await hall.join("ada", microphone=voice)
    await until(lambda: voice.finished, 20)
    await running.stop()
    said = [one for one in told.made if one.final]
    assert {one.name for one in said} == {"Ada"}
    assert word_errors(PHRASES[1], " ".join(one.text for one in said)) <= 1
    assert abs(said[0].words[0].start - (voice.began + 1.0 - begun)) < 0.5
    await until(lambda: hall.engine.captioners.figures().transcribed >= len(said))
    assert hall.engine.captioners.figures().ready
    assert hall.errors == []


@pytest.mark.parametrize("hall", ["null"], indirect=True)
async def test_captions_go_on_in_the_successor_of_a_dead_worker(hall: Hall):
    told = CaptionsHeard()
    running = await hall.engine.captioners.caption(spec(), told)
    os.kill(hall.engine.link_of("r").pid, signal.SIGKILL)
    await until(lambda: not running.settled.is_set())
    await until(running.settled.is_set, 30)
    await hall.join("bo", tone=440)
    await until(lambda: hall.engine.captioners.figures().decoders == 1, 20)
    await hall.engine.close("bo")
    await until(lambda: any(one.final for one in told.made), 20)
    await running.stop()
    assert {one.name for one in told.made} == {"Bo"}


@pytest.mark.parametrize("hall", ["faster-whisper"], indirect=True)
async def test_an_engine_that_cannot_run_there_is_refused_with_what_to_do(hall: Hall):
    with pytest.raises(TranscriberUnavailableError, match="missing") as refused:
        await hall.engine.captioners.caption(spec(), CaptionsHeard())
    assert "transcription.model_path" in refused.value.hint
    assert not hall.engine.captioners.figures().ready


def test_figures_of_workers_are_added():
    one, two = CaptionFigures(ready=True, deferred=2, seconds=1.5), CaptionFigures(deferred=1)
    assert added([one, two]) == CaptionFigures(ready=True, deferred=3, seconds=1.5)
    assert added([]) == CaptionFigures()
