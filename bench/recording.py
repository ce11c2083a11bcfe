"""`python -m bench.recording`: what recording costs, how well tracks align, how long a mix takes.

Everything is simulated on the clock of the test: packets of a tone go through the real recorder
into real files; the mix is made by the worker's own code. `--minutes 60 --tracks 5` is the figure
that is promised. Alignment is judged by decoding what was recorded of bursts.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.recorded_bursts import Network, apart, errors, share
from support.recorded_bursts import record as record_bursts
from support.recording import Failures, spec

from media.recording.files import RecordingDirectory
from media.recording.manifest import MANIFEST, decode
from media.recording.products import Wish, make
from media.recording.recorder import Recorder
from media.recording.tap import QueuedTap
from media.recording.verify import verify
from media.recording.writer import WriterThread
from media.types import TrackSource

SECOND_NS = 1_000_000_000


async def record(directory: Path, minutes: int, tracks: int, loss: float) -> float:
    """Record speech that never ends; returns CPU seconds of the writer thread and of the taps."""
    clock, speech = FakeClock(), tone_packets(10.0)
    writer = WriterThread(clock)
    writer.start()
    recorder = await Recorder.start(spec(directory), writer, clock, Failures(), disk_floor_bytes=0)
    taps = [
        recorder.open_track(f"p{n}", f"Speaker {n}", TrackSource.MICROPHONE, f"c{n}", n)
        for n in range(tracks)
    ]
    chance = random.Random(1)
    assert writer._thread is not None
    thread = time.pthread_getcpuclockid(writer._thread.ident)
    before, taken = time.clock_gettime(thread), 0
    for number in range(minutes * 60 * 50):
        now = clock.monotonic_ns()
        for tap in taps:
            if loss and chance.random() < loss:
                continue
            taken += 1
            tap.rtp(now, number & 0xFFFF, number * 960 & 0xFFFF_FFFF, speech[number % len(speech)])
        clock.advance(0.02)
        if number % 50 == 49:  # a second at a time: the queue holds twenty
            writer.wake()
            while any(len(tap._items) for tap in taps):  # noqa: ASYNC110  (no event tells)
                await asyncio.sleep(0.002)
    cost = time.clock_gettime(thread) - before + taken * _handover_seconds()
    _ = await recorder.stop()
    await asyncio.to_thread(writer.stop)
    return cost


def _handover_seconds() -> float:
    """What the event loop pays for each packet of a recorded track."""
    tap, payload, count = QueuedTap(FakeClock(), paused=False), bytes(80), 500
    before = time.process_time()
    for _ in range(100):
        for number in range(count):
            tap.rtp(0, number, number, payload)
        _ = tap.drain()
    return (time.process_time() - before) / count / 100


def timed(work) -> tuple[float, float]:
    """CPU and wall seconds of a piece of work."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def alignment(minutes: int) -> dict[str, float]:
    """How far tracks lie apart when their files are decoded and placed as a mix places them.

    Four senders play bursts; 5 % of packets are lost, each takes up to 200 ms longer than others
    in a queue that keeps their order, and sound cards are off by 200 ppm either way.
    """
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        recorded = record_bursts(directory, Network(), senders=4, seconds=60 * minutes, seed=1)
        distances = apart(errors(directory, recorded))
        late = [
            segment.offset_ms + segment.duration_ms * sender.rate - recorded.seconds * 1e3
            for track, sender in zip(recorded.manifest.tracks, recorded.senders, strict=True)
            for segment in track.segments
        ]
    return {
        "bursts_compared": len(distances),
        "p50_ms": round(share(distances, 0.5), 2),
        "p99_ms": round(share(distances, 0.99), 2),
        "max_ms": round(distances[-1], 2),
        "length_off_ms": round(max(map(abs, late)), 1),
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.recording", description=__doc__)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--tracks", type=int, default=5)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--aligned-minutes", type=int, default=10)
    arguments = parser.parse_args()
    minutes, tracks = arguments.minutes, arguments.tracks
    figures: dict[str, object] = {"minutes": minutes, "tracks": tracks}
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        cpu = asyncio.run(record(directory, minutes, tracks, arguments.loss))
        figures["record_cpu_seconds_per_track_hour"] = round(cpu * 60 / minutes / tracks, 2)
        manifest = decode((directory / MANIFEST).read_bytes())
        place = RecordingDirectory(directory)
        for name, work in (
            ("verify", lambda: verify(place, manifest, lambda _: None)),
            ("mix", lambda: make(place, manifest, Wish("mix", "ogg", "mix.ogg"), lambda _: None)),
            (
                "peaks",
                lambda: make(place, manifest, Wish("peaks", "json", "p.json"), lambda _: None),
            ),
        ):
            cpu, wall = timed(work)
            figures[f"{name}_cpu_seconds"] = round(cpu, 2)
            figures[f"{name}_wall_seconds"] = round(wall, 2)
        place.close()
    figures["alignment"] = alignment(arguments.aligned_minutes)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
