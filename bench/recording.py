"""`python -m bench.recording`: what recording costs, how well tracks align, how long a mix takes.

Everything is simulated on the clock of the test: packets of a tone go through the real recorder
into real files; the mix is made by the worker's own code. `--minutes 60 --tracks 5` is the figure
that is promised; alignment runs on the pure clock model alone.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.recording import Failures, spec

from media.recording.align import SegmentClock
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


def alignment(senders: int, minutes: int) -> list[float]:
    """Errors in ms of where each sender's sound lies, at its start, middle and end.

    5 % of packets are lost, jitter is up to 200 ms (most packets far less, as queues are), sender
    clocks are off by up to 200 ppm and by hours, and the one-way delay is known to be 0.
    """
    errors: list[float] = []
    for seed in range(senders):
        chance = random.Random(seed)
        ppm = chance.uniform(-200, 200)
        rate = 1 + ppm * 1e-6  # server seconds in a second of samples
        offset = chance.uniform(0, 36_000)
        start_ns = 1000 * SECOND_NS
        clock = SegmentClock()
        for number in range(minutes * 60 * 50):
            seconds = number * 0.02
            jitter = min(0.2, chance.expovariate(1 / 0.04))
            if number and chance.random() < 0.05:
                continue
            clock.packet(number * 960, start_ns + round((seconds * rate + jitter) * SECOND_NS))
            if number % 250 == 249:
                clock.report(round((offset + seconds * rate) * (1 << 32)), number * 960)
        found = clock.alignment()
        assert found is not None
        for share in (0.0, 0.5, 1.0):
            seconds = share * minutes * 60
            true = start_ns / 1e6 + seconds * rate * 1e3
            told = found.start_ns / 1e6 + seconds * (1 + found.clock_skew_ppm * 1e-6) * 1e3
            errors.append(told - true)
    return errors


def spread(errors: list[float]) -> dict[str, float]:
    """How far tracks lie apart from one another: every pair at the same moment."""
    apart = [
        abs(errors[3 * a + at] - errors[3 * b + at])
        for a in range(len(errors) // 3)
        for b in range(a)
        for at in range(3)
    ]
    cuts = statistics.quantiles(apart, n=100)
    return {
        "p50_ms": round(cuts[49], 2),
        "p99_ms": round(cuts[98], 2),
        "max_ms": round(max(apart), 2),
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.recording", description=__doc__)
    parser.add_argument("--minutes", type=int, default=5)
    parser.add_argument("--tracks", type=int, default=5)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--senders", type=int, default=12)
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
    figures["alignment"] = spread(alignment(arguments.senders, 10))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
