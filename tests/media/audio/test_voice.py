import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.clock import PatientClock
from support.opus_tone import main_frequency
from support.sound import Published
from support.wait import until

from media.audio import voice as module
from media.audio.decode import OpusDecoder
from media.audio.voice import Voice


def tone(hertz: float, seconds: float, rate: int = 48_000) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate) * 0.3


def seconds(heard: np.ndarray) -> float:
    """From the first loud sample to the last."""
    loud = np.flatnonzero(np.abs(heard) > 0.1)
    return (loud[-1] - loud[0]) / 48_000


class Stage:
    """A voice and what became of it."""

    def __init__(self) -> None:
        self.out = Published()
        self.errors: list[object] = []
        self.threads = ThreadPoolExecutor(2)
        self.clock = PatientClock()
        self.voice = Voice(
            self.out, self.threads, self.clock, lambda *error: self.errors.append(error)
        )

    def heard(self) -> np.ndarray:
        decoder = OpusDecoder()
        return np.concatenate([decoder.take(payload) for payload, _, _ in self.out.packets])

    @property
    def waiting(self) -> int:
        """Blocks of 20 ms that are to be heard yet."""
        return self.voice._playout.blocks

    @property
    def timestamps(self) -> list[int]:
        return [timestamp for _, timestamp, _ in self.out.packets]


@pytest.fixture
async def stage():
    made = Stage()
    yield made
    await made.voice.aclose()
    made.threads.shutdown()
    assert made.errors == []


@pytest.mark.parametrize("rate", [48_000, 24_000, 16_000, 44_100])
async def test_what_is_said_is_heard_whole(stage: Stage, rate: int):
    await stage.voice.say(tone(500, 0.41, rate), rate=rate)
    async with asyncio.timeout(5):
        await stage.voice.said()
    assert stage.timestamps == [960 * number for number in range(len(stage.timestamps))]
    heard = stage.heard()
    assert seconds(heard) == pytest.approx(0.41, abs=0.01)
    assert main_frequency(heard[2_000:18_000]) == pytest.approx(500, abs=3)
    assert {level for _, _, level in stage.out.packets[1:15]} == {13}


async def test_pieces_in_real_time_become_one_sound(stage: Stage):
    sound = tone(500, 0.4)
    for at in range(0, len(sound), 1500):
        ahead = at // 960 - 3  # 60 ms, as whoever makes them in real time is
        await until(lambda ahead=ahead: len(stage.out.packets) >= ahead, 5)
        stage.clock.stands = True
        await stage.voice.say(sound[at : at + 1500])
        stage.clock.stands = False
    async with asyncio.timeout(5):
        await stage.voice.said()
    assert stage.timestamps == [960 * number for number in range(len(stage.timestamps))]
    assert seconds(stage.heard()) == pytest.approx(0.4, abs=0.01)
    loud = np.flatnonzero(np.abs(stage.heard()) > 0.1)
    assert np.diff(loud).max() < 240  # without a hole of 5 ms


async def test_whoever_says_much_is_held_to_the_pace(stage: Stage, monkeypatch):
    monkeypatch.setattr(module, "BUFFERED_BLOCKS", 5)
    saying = asyncio.create_task(stage.voice.say(tone(500, 60)))
    waited: list[int] = []
    await until(lambda: waited.append(stage.waiting) or len(stage.out.packets) > 60, 10)
    assert 40 < max(waited) <= 5 + 50
    stage.voice.hush()
    sent = len(stage.out.packets)
    assert await asyncio.wait_for(saying, 5) is None
    await stage.voice.said()
    assert len(stage.out.packets) - sent < 10


async def test_say_returns_when_little_is_left(stage: Stage, monkeypatch):
    monkeypatch.setattr(module, "BUFFERED_BLOCKS", 5)
    await stage.voice.say(tone(500, 0.3))
    assert stage.waiting == 5


async def test_after_a_hush_the_next_words_stand_alone(stage: Stage):
    await stage.voice.say(tone(500, 0.5)[:-100])
    stage.voice.hush()
    assert stage.out.packets == []
    await stage.voice.say(tone(900, 0.5))
    async with asyncio.timeout(5):
        await stage.voice.said()
    assert main_frequency(stage.heard()[2_000:20_000]) == pytest.approx(900, abs=3)
    assert seconds(stage.heard()) == pytest.approx(0.5, abs=0.01)


async def test_a_closed_voice_lets_everybody_go(stage: Stage):
    saying = asyncio.create_task(stage.voice.say(tone(500, 60)))
    await until(lambda: stage.out.packets, 5)
    said = asyncio.create_task(stage.voice.said())
    await stage.voice.aclose()
    await stage.voice.aclose()
    await asyncio.wait_for(asyncio.gather(saying, said), 5)
    assert stage.out.closed
    sent = len(stage.out.packets)
    await stage.voice.say(tone(500, 1))
    assert len(stage.out.packets) == sent


@pytest.mark.parametrize("rate", [0, 400_000])
async def test_impossible_rates_are_refused(stage: Stage, rate: int):
    with pytest.raises(ValueError, match="samples a second"):
        await stage.voice.say(tone(500, 0.1), rate=rate)
