import asyncio
from itertools import pairwise

import pytest
from support.clock import PatientClock
from support.opus_tone import tone_packets
from support.sound import FakePackets
from support.wait import until

from media.audio import mixing as module
from media.audio.mixing import Mixes
from media.audio.playout import LATE_BLOCKS
from media.types import ConnectionSpec, TrackSource, TrackTap

MICROPHONE = TrackSource.MICROPHONE


class Stage:
    """Mixes of rooms without a wire."""

    def __init__(self) -> None:
        self.packets = FakePackets()
        self.errors: list[object] = []
        self.clock = PatientClock()
        self.mixes = Mixes(self.packets, self.clock, lambda *error: self.errors.append(error))

    def listener(self, name: str, room: str = "room") -> ConnectionSpec:
        spec = ConnectionSpec(name, room, f"p-{name}", name.title(), mix=True)
        self.mixes.wanted(spec)
        return spec

    def track(self, name: str, source: TrackSource = MICROPHONE) -> TrackTap | None:
        return self.packets.taps["room"].open_track(f"p-{name}", name.title(), source, name, 1)

    def speak(self, track: TrackTap, count: int) -> None:
        for number, payload in enumerate(tone_packets(1.0)[:count]):
            track.rtp(self.clock.monotonic_ns(), number, number * 960, payload, 30)

    @property
    def given(self) -> dict[str, int]:
        """Which open mix each connection hears."""
        return {
            name: number
            for number, one in enumerate(self.packets.mixes)
            if not one.closed
            for name in one.given
        }


@pytest.fixture
async def stage():
    made = Stage()
    yield made
    await made.mixes.close()
    assert made.errors == []
    assert made.packets.taps == {}
    assert all(one.closed for one in made.packets.mixes)


async def test_it_lives_as_long_as_somebody_listens(stage: Stage):
    assert stage.mixes.running == 0
    first, second = stage.listener("tv"), stage.listener("phone")
    assert stage.given == {"tv": 0, "phone": 0}
    stage.mixes.unwanted(first)
    assert stage.mixes.running == 1
    stage.mixes.unwanted(second)
    stage.mixes.unwanted(second)
    assert stage.mixes.running == 0
    assert stage.packets.taps == {}


async def test_one_encoding_serves_all_who_listen(stage: Stage):
    _ = stage.listener("tv"), stage.listener("phone")
    stage.speak(stage.track("ada"), 5)
    (mix,) = stage.packets.mixes
    await until(lambda: len(mix.packets) >= 5, 5)
    timestamps = [timestamp for _, timestamp, _ in mix.packets]
    steps = {after - before for before, after in pairwise(timestamps)}
    assert steps == {960}


async def test_it_falls_silent_and_begins_again(stage: Stage):
    _ = stage.listener("tv")
    ada = stage.track("ada")
    stage.speak(ada, 3)
    (mix,) = stage.packets.mixes
    room = stage.mixes._rooms["room"]
    await until(lambda: mix.packets and not room.busy, 5)
    before = len(mix.packets)
    stage.speak(stage.track("bob"), 3)
    await until(lambda: len(mix.packets) > before, 5)
    assert mix.packets[before][1] > mix.packets[before - 1][1] + 960


async def test_a_speaker_gets_a_mix_of_their_own_while_they_have_a_microphone(stage: Stage):
    _ = stage.listener("ada"), stage.listener("tv")
    assert stage.given == {"ada": 0, "tv": 0}
    ada = stage.track("ada")
    assert stage.given == {"ada": 1, "tv": 0}
    ada.close()
    await until(lambda: stage.given == {"ada": 0, "tv": 0}, 5)
    assert stage.packets.mixes[1].closed


async def test_pictures_and_too_many_tracks_are_not_mixed(stage: Stage, monkeypatch):
    _ = stage.listener("tv")
    assert stage.track("ada", TrackSource.CAMERA) is None
    monkeypatch.setattr(module, "TRACKS", 1)
    assert stage.track("ada") is not None
    assert stage.track("bob") is None


async def test_a_late_loop_does_not_catch_up(stage: Stage):
    _ = stage.listener("tv")
    stage.speak(stage.track("ada"), 12)
    (mix,) = stage.packets.mixes
    await until(lambda: len(mix.packets) >= 2, 5)
    stage.clock.leap(0.5)
    await until(lambda: len(mix.packets) >= 12, 5)
    steps = [after[1] - before[1] for before, after in pairwise(mix.packets)]
    assert max(steps) > LATE_BLOCKS * 960
    assert steps.count(960) >= 9


async def test_closing_ends_everything(stage: Stage):
    _ = stage.listener("tv")
    stage.speak(stage.track("ada"), 3)
    await asyncio.sleep(0)
    await stage.mixes.close()
    assert stage.mixes.running == 0
