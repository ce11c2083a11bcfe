# ruff: noqa: ARG002  (a tap and a listener take what their ports say)
"""`python -m bench.captions`: what captioning two speakers costs, and how late the loop is.

Feeds encoded speech of espeak-ng to the taps of a room at the pace of a meeting, with the embedded
engine in its process, and looks every 5 ms how late the event loop is.
"""

import argparse
import asyncio
import io
import json
import resource
import subprocess
import sys
import time
from fractions import Fraction

import av
import numpy as np

from media.captions.port import Caption, CaptionSpec
from media.captions.room import LocalCaptioners
from media.captions.speech import EngineSpec
from media.clock import SystemClock
from media.types import RoomTap, TrackSource, TrackTap

TEXTS = (
    "the weather is nice today",
    "please call me tomorrow at ten thirty",
    "how are you doing today",
)
PAUSE = 40  # packets between sentences
TICK = 0.005
FRAME = 960


class Room:
    """Hands the packets of its speakers to a tap; counts what comes back."""

    def __init__(self) -> None:
        self.tap: RoomTap | None = None
        self.finals = 0
        self.partials = 0
        self.deferred = 0

    def add_tap(self, room_id: str, tap: RoomTap) -> None:
        self.tap = tap

    def remove_tap(self, room_id: str, tap: RoomTap) -> None:
        self.tap = None

    def caption_made(self, room_id: str, caption: Caption) -> None:
        self.finals += caption.final
        self.partials += not caption.final

    def caption_deferred(self, room_id: str, caption_id: str, start: float, end: float) -> None:
        self.deferred += 1


def packets() -> list[bytes]:
    """Sentences and pauses as Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    encoder.bit_rate = 32_000
    encoder.time_base = Fraction(1, 48_000)
    encoder.open()
    encoded: list[bytes] = []
    for text in TEXTS:
        for frame in [*_spoken(text), *[_frame(np.zeros(FRAME, np.int16))] * PAUSE]:
            encoded += [bytes(packet) for packet in encoder.encode(frame)]
    return encoded


def _spoken(text: str) -> list[av.AudioFrame]:
    command = ["espeak-ng", "-v", "en-us+f2", "-s", "150", "--stdout", text]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
    with av.open(io.BytesIO(made)) as file:
        pieces = [
            piece.to_ndarray()[0]
            for frame in file.decode(audio=0)
            for piece in resampler.resample(frame)
        ]
    samples = np.concatenate(pieces)
    whole = len(samples) // FRAME * FRAME
    return [_frame(samples[at : at + FRAME]) for at in range(0, whole, FRAME)]


def _frame(samples: np.ndarray) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 48_000
    return frame


async def speak(track: TrackTap, voice: list[bytes], first: int, seconds: float) -> None:
    began = time.monotonic()
    for place in range(int(seconds * 50)):
        await asyncio.sleep(began + place * 0.02 - time.monotonic())
        payload = voice[(first + place) % len(voice)]
        track.rtp(time.monotonic_ns(), place & 0xFFFF, place * FRAME, payload)


async def watch(lags: list[float]) -> None:
    while True:
        before = time.monotonic()
        await asyncio.sleep(TICK)
        lags.append(time.monotonic() - before - TICK)


async def measure(speakers: int, seconds: float) -> dict[str, float]:
    """Run and add up."""
    voice = packets()
    room = Room()
    makers = LocalCaptioners(
        room,
        EngineSpec("pocketsphinx"),
        workers=1,
        places=20,
        clock=SystemClock(),
        on_error=lambda name, error: print(name, error, file=sys.stderr),
    )
    running = await makers.caption(CaptionSpec("room", time.monotonic_ns(), "en"), room)
    assert room.tap is not None
    tracks = [
        room.tap.open_track(f"p{n}", f"Speaker {n}", TrackSource.MICROPHONE, f"c{n}", n)
        for n in range(speakers)
    ]
    lags: list[float] = []
    cpu = time.process_time()
    watching = asyncio.create_task(watch(lags))
    await asyncio.gather(
        *(
            speak(track, voice, n * len(voice) // speakers, seconds)
            for n, track in enumerate(tracks)
            if track is not None
        )
    )
    watching.cancel()
    cpu = time.process_time() - cpu
    await running.stop()
    figures = makers.figures()
    await makers.close()
    engine = resource.getrusage(resource.RUSAGE_CHILDREN)
    minutes = speakers * seconds / 60
    return {
        "speakers": speakers,
        "seconds": seconds,
        "loop_lag_p99_ms": round(float(np.percentile(lags, 99)) * 1000, 2),
        "loop_lag_max_ms": round(max(lags) * 1000, 2),
        "server_cpu_s_per_captioned_minute": round(cpu / minutes, 3),
        "engine_cpu_s_per_captioned_minute": round(
            (engine.ru_utime + engine.ru_stime) / minutes, 2
        ),
        "finals": room.finals,
        "partials": room.partials,
        "partials_dropped": figures.partials_dropped,
        "deferred": room.deferred,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.captions", description=__doc__)
    _ = parser.add_argument("--speakers", type=int, default=2)
    _ = parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.speakers, arguments.seconds))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
