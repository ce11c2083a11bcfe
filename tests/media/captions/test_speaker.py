import numpy as np
import pytest
from support.captions import CaptionsHeard, ScriptedTranscriber
from support.wait import until

from media.captions.desk import Desk
from media.captions.port import CaptionSpec
from media.captions.speaker import SpeakerCaptions


@pytest.fixture
async def engine():
    return ScriptedTranscriber()


@pytest.fixture
async def desk(engine: ScriptedTranscriber):
    desk = Desk([engine], 1, lambda name, error: None)
    await desk.start()
    yield desk
    await desk.close()


@pytest.fixture
def told():
    return CaptionsHeard()


@pytest.fixture
def ada(desk: Desk, told: CaptionsHeard) -> SpeakerCaptions:
    return SpeakerCaptions(
        CaptionSpec("room", 0, "en"),
        participant_id="p",
        connection_id="c",
        name="Ada",
        desk=desk,
        listener=told,
        has_voice=any,
        engine="scripted",
    )


def speak(who: SpeakerCaptions, seconds: float, at: float, loudness: int = 3000) -> None:
    """In pieces of 20 ms, as packets are."""
    for place in range(round(seconds / 0.02)):
        who.take(np.full(320, loudness, np.int16), at + place * 0.02)


async def test_text_comes_back_with_speaker_and_times(ada: SpeakerCaptions, told: CaptionsHeard):
    speak(ada, 1.0, 10.0)
    ada.pause()
    await until(lambda: told.made != [])
    (caption,) = told.made
    assert (caption.name, caption.text, caption.final) == ("Ada", "hello", True)
    assert (caption.start, caption.end) == (10.25, 10.5)
    assert (caption.words[0].start, caption.words[0].end) == (10.25, 10.5)


async def test_a_partial_has_the_id_of_its_final(ada: SpeakerCaptions, told: CaptionsHeard):
    speak(ada, 2.0, 0.0)
    await until(lambda: told.made != [])
    ada.pause()
    await until(lambda: len(told.made) == 2)
    partial, final = told.made
    assert (partial.final, final.final) == (False, True)
    assert partial.id == final.id


async def test_what_finds_no_engine_is_left_to_the_recording(
    ada: SpeakerCaptions, told: CaptionsHeard, engine: ScriptedTranscriber
):
    engine.open.clear()
    for at in (0.0, 2.0, 4.0):
        speak(ada, 1.0, at)
        ada.pause()
        await until(lambda: len(engine.heard) == 1)
    assert [round(start) for start, _ in told.deferred] == [4]
    engine.open.set()
    await until(lambda: len(told.made) == 2)


async def test_a_failed_utterance_is_left_to_the_recording(
    ada: SpeakerCaptions, told: CaptionsHeard, engine: ScriptedTranscriber
):
    engine.broken = True
    speak(ada, 1.0, 0.0)
    ada.pause()
    await until(lambda: told.deferred != [])
    assert told.made == []
    assert ada.pending == 0


async def test_a_partial_that_came_to_nothing_is_taken_back(
    ada: SpeakerCaptions, told: CaptionsHeard
):
    speak(ada, 2.0, 0.0, loudness=30)
    await until(lambda: told.made != [])
    ada.pause()
    await until(lambda: len(told.made) == 2)
    assert told.made[1].id == told.made[0].id
    assert (told.made[1].text, told.made[1].final) == ("", True)


async def test_what_the_engine_has_not_done_at_the_end_is_left_to_the_recording(
    ada: SpeakerCaptions, desk: Desk, engine: ScriptedTranscriber, told: CaptionsHeard
):
    engine.open.clear()
    speak(ada, 1.0, 10.0)
    ada.pause()
    await until(lambda: engine.heard != [])
    ada.give_up()
    ada.give_up()
    assert [start for start, _ in told.deferred] == [10.0]
    assert desk.counters.deferred == 1
    engine.open.set()
    await until(lambda: ada.pending == 0)
    assert told.made == []
