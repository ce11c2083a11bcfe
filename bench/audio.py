# ruff: noqa: ARG002  (taps and tracks take what their ports say)
"""`python -m bench.audio`: what hearing, mixing and speaking cost, and how late the loop is.

Feeds two speakers' Opus packets to the taps of a room at the pace of a meeting and looks every
5 ms how late the event loop is; once with nobody who listens, for what feeding itself costs.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np

from media.audio.decode import BLOCK, OpusEncoder
from media.audio.desk import SoundDesk
from media.audio.mixing import Mixes
from media.clock import SystemClock
from media.types import ConnectionSpec, RoomTap, TrackSource, TrackTap

SPEAKERS = 2
TICK = 0.005
TALK, PAUSE = 150, 75  # packets: three seconds of talk, one and a half of silence


class Nowhere:
    """Packets that go no further."""

    def send(self, payload: bytes, timestamp: int, level: int) -> None: ...

    def give(self, connection_id: str) -> None: ...

    def close(self) -> None: ...


class Room:
    """Hands the packets of its speakers to whoever taps it."""

    def __init__(self) -> None:
        self.tracks: list[TrackTap] = []

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        for number in range(SPEAKERS):
            track = tap.open_track(f"p{number}", "", TrackSource.MICROPHONE, f"c{number}", number)
            assert track is not None
            self.tracks.append(track)

    def remove_tap(self, room_id: str, tap: RoomTap) -> None: ...

    def publish(self, spec: ConnectionSpec) -> Nowhere:
        return Nowhere()

    def mix(self, room_id: str) -> Nowhere:
        return Nowhere()


Scenario = Callable[[Room], AbstractAsyncContextManager[None]]


def complain(name: str, error: BaseException) -> None:
    print(name, error, file=sys.stderr)


@asynccontextmanager
async def nobody(room: Room) -> AsyncIterator[None]:  # noqa: ARG001  (a scenario)
    yield


def listening(rate: int) -> Scenario:
    """A program that takes every frame."""

    @asynccontextmanager
    async def listen(room: Room) -> AsyncIterator[None]:
        desk = SoundDesk(room, SystemClock(), complain)
        frames = desk.listen("room", zero_ns=time.monotonic_ns(), rate=rate)

        async def take() -> None:
            async for _ in frames:
                pass

        taking = asyncio.create_task(take())
        yield
        await frames.aclose()
        await taking
        desk.close()

    return listen


def mixing(*listeners: str) -> Scenario:
    """Who wants a mix; `p0` and `p1` speak as well."""

    @asynccontextmanager
    async def mix(room: Room) -> AsyncIterator[None]:
        mixes = Mixes(room, SystemClock(), complain)
        for name in listeners:
            mixes.wanted(ConnectionSpec(f"l-{name}", "room", name, "", mix=True))
        yield
        await mixes.close()

    return mix


@asynccontextmanager
async def saying(room: Room) -> AsyncIterator[None]:
    """A program that never stops talking."""
    desk = SoundDesk(room, SystemClock(), complain)
    voice = desk.speak(ConnectionSpec("bot", "room", "bot", "Bot"))
    sound = speech(10)

    async def talk() -> None:
        while True:
            await voice.say(sound)

    talking = asyncio.create_task(talk())
    yield
    talking.cancel()
    await voice.aclose()
    desk.close()


SCENARIOS: dict[str, Scenario] = {
    "nobody": nobody,
    "frames at 48 kHz": listening(48_000),
    "frames at 16 kHz": listening(16_000),
    "mix for listeners": mixing("tv", "phone"),
    "mix for both speakers too": mixing("tv", "p0", "p1"),
    "a voice": saying,
}


def speech(seconds: int) -> np.ndarray:
    """Noise that rises and falls like syllables: as hard to code as speech."""
    at = np.arange(seconds * 48_000) / 48_000
    noise = np.random.default_rng(7).normal(size=len(at))
    low = np.convolve(noise, np.hanning(24) / 12, mode="same")
    return (0.15 * low * (1 + np.sin(2 * np.pi * 4 * at))).astype(np.float32)


def packets() -> list[bytes]:
    """Talk as Opus packets of 20 ms."""
    encoder, sound = OpusEncoder(), speech(TALK // 50)
    coded = [encoder.take(sound[at : at + BLOCK]) for at in range(0, len(sound), BLOCK)]
    return [one.payload for one in coded if one.payload is not None]


async def speak(room: Room, talk: list[bytes], seconds: float) -> float:
    """Both speakers, taking turns and overlapping; returns seconds of talk."""
    began, talked = time.monotonic(), 0
    for place in range(int(seconds * 50)):
        await asyncio.sleep(began + place * 0.02 - time.monotonic())
        for number in range(SPEAKERS):
            step = (place + number * 100) % (TALK + PAUSE)
            talks = step < TALK
            payload, level = (talk[step % len(talk)], 25) if talks else (b"\xf8\xff\xfe", 127)
            talked += talks
            for track in room.tracks[number::SPEAKERS]:
                track.rtp(time.monotonic_ns(), place & 0xFFFF, place * BLOCK, payload, level)
    return talked * 0.02


async def watch(lags: list[float]) -> None:
    while True:
        before = time.monotonic()
        await asyncio.sleep(TICK)
        lags.append(time.monotonic() - before - TICK)


async def measure(scenario: Scenario, talk: list[bytes], seconds: float) -> dict[str, float]:
    """Run one scenario."""
    room, lags = Room(), list[float]()
    async with scenario(room):
        cpu = time.process_time()
        watching = asyncio.create_task(watch(lags))
        talked = await speak(room, talk, seconds)
        watching.cancel()
        cpu = time.process_time() - cpu
    return {
        "cpu_ms_per_second": cpu * 1000 / seconds,
        "loop_lag_p99_ms": float(np.percentile(lags, 99)) * 1000,
        "loop_lag_max_ms": max(lags) * 1000,
        "talked_seconds": talked,
    }


async def run(seconds: float) -> dict[str, dict[str, float]]:
    """Every scenario, less what feeding costs."""
    talk, results = packets(), dict[str, dict[str, float]]()
    feeding = 0.0
    for name, scenario in SCENARIOS.items():
        figures = await measure(scenario, talk, seconds)
        talked = figures.pop("talked_seconds")
        feeding = feeding or figures["cpu_ms_per_second"]
        own = figures["cpu_ms_per_second"] - feeding
        figures["own_cpu_ms_per_second"] = own
        figures["own_cpu_ms_per_speaking_minute"] = own * seconds / talked * 60
        results[name] = {key: round(value, 2) for key, value in figures.items()}
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.audio", description=__doc__)
    _ = parser.add_argument("--seconds", type=float, default=30, help="of each scenario")
    print(json.dumps(asyncio.run(run(parser.parse_args().seconds)), indent=2))


if __name__ == "__main__":
    main()
