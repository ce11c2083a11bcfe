"""`python -m bench.quality`: what judging many streams costs, once a second each."""

import argparse
import json
import random
import sys
import time
from statistics import median

from media.quality.connection import ConnectionJudge, StreamName, StreamTick
from media.quality.measure import Bucket
from media.quality.table import StreamTable
from media.types import Direction, MediaKind, TrackSource

_STREAMS = (
    StreamName(Direction.UPLINK, TrackSource.MICROPHONE),
    StreamName(Direction.UPLINK, TrackSource.CAMERA),
    StreamName(Direction.DOWNLINK, MediaKind.AUDIO),
    StreamName(Direction.DOWNLINK, MediaKind.VIDEO),
)


def measure(streams: int, seconds: int, seed: int = 1) -> float:
    """CPU seconds that a second of so many streams takes to judge: the median of all seconds."""
    draw = random.Random(seed)
    table = StreamTable()
    judges = [ConnectionJudge(table=table) for _ in range(-(-streams // len(_STREAMS)))]
    loads = [
        {
            name: StreamTick(Bucket(50 - lost, 0, lost, jitter_ms=draw.uniform(1, 40)))
            for name in _STREAMS
            for lost in [draw.choice((0, 0, 0, 1, 2, 5))]
        }
        for _ in range(97)
    ]
    for second in range(20):  # windows are full and labels known
        for at, judge in enumerate(judges):
            judge.put(loads[(at + second) % len(loads)], 40.0)
        table.tick()
    costs = []
    for second in range(seconds):
        begun = time.process_time()
        for at, judge in enumerate(judges):
            judge.put(loads[(at + second) % len(loads)], 40.0)
        table.tick()
        for judge in judges:
            _ = judge.read()
            _ = judge.streams()
        costs.append(time.process_time() - begun)
    return median(costs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    _ = parser.add_argument("--streams", type=int, default=1000)
    _ = parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    cost = measure(arguments.streams, arguments.seconds)
    figures = {
        "streams": arguments.streams,
        "ms_per_tick": round(cost * 1000, 2),
        "percent_of_a_core": round(cost * 100, 2),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
