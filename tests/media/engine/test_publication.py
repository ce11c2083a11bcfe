"""A microphone without a peer connection, heard, recorded and muted like any other."""

import asyncio

import numpy as np
import pytest
from support.hall import Hall
from support.opus_tone import tone_packets
from support.wait import until

from media.audio.desk import SoundDesk
from media.audio.mixing import Mixes
from media.clock import SystemClock
from media.errors import MediaError
from media.types import ConnectionSpec, TrackSource

BOT = ConnectionSpec("bot", "r", "p-bot", "Bot")


@pytest.fixture
async def hall():
    made = Hall()
    await made.engine.start()
    yield made
    await made.close()
    assert made.errors == []


def tone(hertz: float, seconds: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * 48_000)) / 48_000) * 0.3


async def test_a_program_is_heard_and_hears_the_others(hall: Hall):
    clock = SystemClock()
    desk = SoundDesk(hall.engine, clock, lambda *error: hall.errors.append(error))
    hall.engine.listen_room("r", hall.told)
    ada = await hall.join("ada", tone=440)
    voice = desk.speak(BOT)
    async with desk.listen("r", zero_ns=clock.monotonic_ns(), without="p-bot") as heard:
        await voice.say(tone(880, 3))
        _ = await ada.hears(880)
        async with asyncio.timeout(5):
            frames = [await anext(heard) for _ in range(25)]
    assert {frame.participant_id for frame in frames} == {"p-ada"}
    sound = np.concatenate([frame.samples for frame in frames])
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.argmax(spectrum) * 48_000 / len(sound) == pytest.approx(440, abs=3)
    assert {"p-ada", "p-bot"} in [set(people) for people in hall.told.speakers]
    hall.engine.listen_room("r", None)
    await voice.aclose()
    desk.close()


async def test_its_packets_are_tapped_like_any_others_and_muted_ones_are_silent(hall: Hall):
    taken: list[tuple[bytes, int]] = []

    class Tap:
        def open_track(self, participant_id, label, source, connection_id, ssrc):
            self.facts = (participant_id, label, source, connection_id)
            return self

        def rtp(self, arrival_ns, sequence, timestamp, payload, level):
            taken.append((payload, level))

        def close(self):
            taken.append((b"closed", 0))

    tap = Tap()
    hall.engine.add_tap("r", tap)
    publication = hall.engine.publish(BOT)
    payload = tone_packets(0.1)[0]
    publication.send(payload, 0, 20)
    hall.engine.set_muted("bot", TrackSource.CAMERA, muted=True)
    publication.send(payload, 960, 20)
    hall.engine.set_muted("bot", TrackSource.MICROPHONE, muted=True)
    publication.send(payload, 1920, 20)
    publication.close()
    publication.close()
    publication.send(payload, 2880, 20)
    assert tap.facts == ("p-bot", "Bot", TrackSource.MICROPHONE, "bot")
    assert taken == [(payload, 20), (payload, 20), (b"", 127), (b"closed", 0)]


async def test_ids_are_taken_once_and_rooms_are_let_go(hall: Hall):
    publication = hall.engine.publish(BOT)
    with pytest.raises(MediaError):
        _ = hall.engine.publish(BOT)
    assert hall.engine.counters()["rooms"] == 1
    publication.close()
    assert hall.engine.counters()["rooms"] == 0
    assert hall.engine._ssrcs == set()
    _ = hall.engine.publish(BOT)  # closed with the engine


@pytest.mark.parametrize("payload", [b"", bytes(1276)])
async def test_what_is_no_opus_packet_is_refused(hall: Hall, payload: bytes):
    publication = hall.engine.publish(BOT)
    with pytest.raises(ValueError, match="1275"):
        publication.send(payload, 0, 20)


def tones(peer) -> set[int]:
    """Which of the three tones the first ear hears."""
    ear = next(iter(peer.ears.values()))
    return {hertz for hertz in (440, 880, 1320) if ear.strength(hertz) > 0.1}


async def test_a_mix_has_everybody_but_the_one_who_hears_it(hall: Hall):
    hall.engine.mixing = Mixes(hall.engine, SystemClock(), lambda *e: hall.errors.append(e))
    _ = await hall.join("ada", tone=440), await hall.join("bob", tone=880)
    tv = await hall.join("tv", mix=True, publish=False, audio_slots=1)
    eve = await hall.join("eve", tone=1320, mix=True, audio_slots=2)
    await until(lambda: tones(tv) == {440, 880, 1320} and tones(eve) == {440, 880}, 10)
    silent = list(eve.ears.values())[1]
    assert silent.frames == 0 or silent.level < 0.001
    assert hall.told.slots["tv"][0].participant_id is None
    await hall.engine.close("eve")
    await until(lambda: tones(tv) == {440, 880}, 10)
    await hall.engine.close("tv")
    assert hall.engine.mixing.running == 0


async def test_without_a_mixer_the_loudest_are_heard(hall: Hall):
    _ = await hall.join("ada", tone=440)
    tv = await hall.join("tv", mix=True, publish=False, audio_slots=1)
    _ = await tv.hears(440)


async def test_a_mix_ends_for_its_listeners_and_harms_nobody_else(hall: Hall):
    hall.engine.mixing = Silence()
    tv = await hall.join("tv", mix=True, publish=False, audio_slots=1)
    connection = hall.engine._peers["tv"].connection
    mix = hall.engine.mix("r")
    mix.give("nobody")
    mix.give("tv")
    assert connection.mix is not None
    for number, payload in enumerate(tone_packets(1.0)):
        mix.send(payload, number * 960, 0)
    await until(lambda: next(iter(tv.ears.values())).frames, 5)
    with pytest.raises(ValueError, match="1275"):
        mix.send(b"", 0, 0)
    mix.close()
    mix.close()
    mix.send(tone_packets(1.0)[0], 0, 0)
    mix.give("tv")
    assert connection.mix is None
    assert next(iter(connection.slots.values())).track is None


class Silence:
    """Makes no mix at all."""

    def wanted(self, spec): ...

    def unwanted(self, spec): ...

    async def close(self): ...
