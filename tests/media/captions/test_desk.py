import pytest
from support.captions import ScriptedTranscriber, utterance
from support.wait import until

from media.captions.desk import Desk, Job
from media.captions.speech import Result


def fail(name: str, error: BaseException) -> None:
    raise AssertionError(name) from error


@pytest.fixture
async def engine():
    return ScriptedTranscriber()


@pytest.fixture
async def desk(engine: ScriptedTranscriber):
    desk = Desk([engine], 2, fail)
    await desk.start()
    yield desk
    await desk.close()


def job(done: list[Result | None], *, speaker: str = "ada", final: bool = True) -> Job:
    return Job(speaker, utterance(final=final), "en", (), done.append)


async def test_finished_utterances_are_done_in_order(desk: Desk):
    done: list[Result | None] = []
    assert desk.submit(job(done))
    assert desk.submit(job(done))
    await until(lambda: len(done) == 2)
    assert desk.counters.transcribed == 2
    assert desk.counters.seconds == 2.0


async def test_overload_drops_partials_first_then_defers(desk: Desk, engine: ScriptedTranscriber):
    engine.open.clear()
    done: list[Result | None] = []
    assert desk.submit(job(done))
    await until(lambda: len(engine.heard) == 1)
    assert not desk.idle
    assert not desk.submit(job(done, final=False))
    assert desk.submit(job(done))
    assert desk.submit(job(done))
    assert not desk.submit(job(done))
    assert (desk.counters.partials_dropped, desk.counters.deferred) == (1, 1)
    assert (await desk.health())["deferred"] == 1
    engine.open.set()
    await until(lambda: len(done) == 3)


async def test_a_newer_partial_replaces_the_older_and_a_final_all(desk: Desk):
    done: list[Result | None] = []
    assert desk.submit(job(done, final=False))
    assert desk.submit(job(done, final=False))
    assert desk.submit(job(done))
    await until(lambda: len(done) == 1)
    assert desk.counters.partials_dropped == 2
    assert desk.counters.transcribed == 1


async def test_what_an_engine_cannot_do_is_told_and_counted(
    desk: Desk, engine: ScriptedTranscriber
):
    engine.broken = True
    done: list[Result | None] = []
    assert desk.submit(job(done))
    await until(lambda: len(done) == 1)
    assert done == [None]
    assert desk.counters.failed == 1
