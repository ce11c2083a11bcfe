import asyncio
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.sound import FakePackets
from support.wait import until

from media.audio import listen
from media.audio.frames import Frame
from media.audio.listen import Listening
from media.errors import MediaError
from media.types import TrackSource, TrackTap

MS = 1_000_000
MICROPHONE = TrackSource.MICROPHONE


class Stage:
    """A room with one who listens."""

    def __init__(self, rate: int = 48_000, without: str | None = None) -> None:
        self.packets = FakePackets()
        self.clock = FakeClock()
        self.zero_ns = self.clock.monotonic_ns()
        self.errors: list[object] = []
        self.threads = ThreadPoolExecutor(1)
        self.listening = Listening(
            self.packets,
            "room",
            zero_ns=self.zero_ns,
            rate=rate,
            threads=self.threads,
            clock=self.clock,
            on_error=lambda *error: self.errors.append(error),
            without=without,
        )

    def track(self, name: str = "ada", source: TrackSource = MICROPHONE) -> TrackTap | None:
        return self.packets.taps["room"].open_track(f"p-{name}", name.title(), source, name, 1)

    def speak(self, track: TrackTap, first: int, count: int) -> None:
        for number, payload in enumerate(tone_packets(1.0)[:count], first):
            at_ns = self.zero_ns + number * 20 * MS
            track.rtp(at_ns, number, number * 960, payload, 30)

    async def take(self, count: int) -> list[Frame]:
        async with asyncio.timeout(5):
            return [await anext(self.listening) for _ in range(count)]


@pytest.fixture
async def stage():
    made = Stage()
    yield made
    await made.listening.aclose()
    made.threads.shutdown()
    assert made.errors == []


async def test_two_speakers_are_told_apart_and_placed(stage: Stage):
    ada, bob = stage.track("ada"), stage.track("bob")
    stage.speak(ada, 50, 3)
    stage.speak(bob, 51, 2)
    frames = await stage.take(5)
    of_ada = [frame for frame in frames if frame.participant_id == "p-ada"]
    assert [frame.at for frame in of_ada] == pytest.approx([1.0, 1.02, 1.04])
    assert [frame.gap for frame in of_ada] == [math.inf, 0.0, 0.0]
    assert {(one.name, one.source, one.connection_id, one.rate) for one in of_ada} == {
        ("Ada", MICROPHONE, "ada", 48_000)
    }
    assert {one.samples.shape for one in frames} == {(960,)}
    assert {one.samples.dtype for one in frames} == {np.dtype(np.float32)}
    assert min(one.at for one in frames if one.name == "Bob") == pytest.approx(1.02)


async def test_a_pause_ends_what_was_said_and_is_a_gap(stage: Stage):
    ada = stage.track()
    stage.speak(ada, 0, 2)
    _ = await stage.take(2)
    stage.clock.advance(2.0)
    (end,) = await stage.take(1)
    assert (end.ends, len(end.samples), end.gap) == (True, 0, 0.0)
    stage.speak(ada, 100, 1)
    (again,) = await stage.take(1)
    assert again.at == pytest.approx(2.0)
    assert again.gap == pytest.approx(1.96)


async def test_who_is_left_out_and_pictures_are_not_heard():
    stage = Stage(without="p-me")
    assert stage.track("me") is None
    assert stage.track(source=TrackSource.CAMERA) is None
    assert stage.track(source=TrackSource.SCREEN_AUDIO) is not None
    await stage.listening.aclose()
    stage.threads.shutdown()


async def test_the_oldest_frames_go_and_leave_a_gap(stage: Stage, monkeypatch):
    monkeypatch.setattr(listen, "FRAMES", 3)
    ada = stage.track()
    stage.speak(ada, 0, 1)
    _ = await stage.take(1)
    stage.speak(ada, 1, 10)
    await until(lambda: stage.listening.dropped == 7, 5)
    frames = await stage.take(3)
    assert [frame.at for frame in frames] == pytest.approx([0.16, 0.18, 0.2])
    assert frames[0].gap == pytest.approx(0.14)


async def test_frames_of_one_track_never_overlap(stage: Stage):
    ada, payload = stage.track(), tone_packets(0.1)[0]
    for arrival_ms, number in ((300, 0), (310, 10)):  # the first was late, as the other shows
        ada.rtp(stage.zero_ns + arrival_ms * MS, number, number * 960, payload, 30)
    assert [frame.at for frame in await stage.take(2)] == pytest.approx([0.30, 0.32])


async def test_it_ends_for_who_waits_and_its_tap_is_gone(stage: Stage):
    heard = asyncio.gather(*[stage.take(1)], return_exceptions=True)
    await asyncio.sleep(0)
    await stage.listening.aclose()
    assert [type(one) for one in await heard] in ([StopAsyncIteration], [RuntimeError])
    assert stage.packets.taps == {}
    assert [frame async for frame in stage.listening] == []


async def test_a_track_that_left_is_forgotten_after_its_last_word(stage: Stage):
    ada = stage.track()
    stage.speak(ada, 0, 1)
    ada.close()
    assert [frame.ends for frame in await stage.take(2)] == [False, True]
    stage.speak(stage.track("bob"), 0, 1)
    _ = await stage.take(1)
    assert len(stage.listening._tracks) == 1


async def test_a_room_hears_so_many_tracks_and_no_more(stage: Stage, monkeypatch):
    monkeypatch.setattr(listen, "TRACKS", 1)
    assert stage.track("ada") is not None
    assert stage.track("bob") is None


async def test_other_rates_are_refused():
    with pytest.raises(ValueError, match="44100"):
        _ = Stage(rate=44_100)


async def test_where_packets_are_elsewhere_nothing_is_left_running():
    packets = FakePackets()
    packets.remote = True
    with pytest.raises(MediaError):
        _ = Listening(
            packets,
            "room",
            zero_ns=0,
            rate=48_000,
            threads=ThreadPoolExecutor(1),
            clock=FakeClock(),
            on_error=lambda *_: None,
        )
    assert len(asyncio.all_tasks()) == 1
