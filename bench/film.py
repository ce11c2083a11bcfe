"""`python -m bench.film`: what the recording of a camera costs, all in, in CPU-seconds an hour.

Packets of 1.5 Mb/s at 30 pictures a second go through the real tap and the real writer into real
files, on the clock of the bench; frames are of the right size and have no picture in them, since
nothing decodes them.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.clock import FakeClock
from support.recording import spec

from media.recording.files import RecordingDirectory
from media.recording.job import OpenedVideo, RecordingJob
from media.recording.track import TrackIdentity
from media.recording.video.plan import Reason
from media.recording.video.tap import QueuedVideoTap
from media.types import TrackSource
from media.video import VideoStream

FRAME_BYTES = 1_500_000 // 8 // 30
PACKET = 1150
KEY_EVERY = 900  # pictures; browsers send a key frame when they are asked


def packets(number: int) -> list[bytes]:
    """The payloads of one frame."""
    key = number % KEY_EVERY == 0
    data = b"\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02" if key else b"\x11"
    data += bytes(FRAME_BYTES * (6 if key else 1) - len(data))
    parts = [data[at : at + PACKET] for at in range(0, len(data), PACKET)]
    return [bytes((0x10 if not at else 0,)) + part for at, part in enumerate(parts)]


def record(directory: Path, minutes: int, tracks: int) -> tuple[float, int]:
    """Record cameras; returns CPU seconds of tap and writer, and bytes written."""
    clock = FakeClock()
    film = replace(spec(directory), media="audio_video")
    job = RecordingJob(film, RecordingDirectory(directory), clock, 5.0, print)
    taps = []
    for number in range(tracks):
        tap, stream = QueuedVideoTap(clock, paused=False), VideoStream(number, "video/vp8")
        identity = TrackIdentity(f"p{number}", "A", TrackSource.CAMERA, f"c{number}", number)
        job.opened.append(OpenedVideo(identity, stream, tap, Reason.START))
        taps.append(tap)
    key, delta = packets(0), packets(1)
    sequence, spent = 0, 0.0
    for number in range(minutes * 60 * 30):
        parts = key if number % KEY_EVERY == 0 else delta
        now, last = clock.monotonic_ns(), len(parts) - 1
        before = time.thread_time()
        for tap in taps:
            for at, part in enumerate(parts):
                tap.rtp(now, (sequence + at) & 0xFFFF, number * 3000, part, marker=at == last)
        if number % 3 == 2:
            job.service(now)
        spent += time.thread_time() - before
        sequence += len(parts)
        clock.advance(1 / 30)
    before = time.thread_time()
    for tap in taps:
        tap.close()
    job.finish_ns = clock.monotonic_ns()
    while job.service(job.finish_ns):
        pass
    spent += time.thread_time() - before
    return spent, sum(path.stat().st_size for path in directory.glob("*.webm"))


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.film", description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--tracks", type=int, default=2)
    arguments = parser.parse_args()
    minutes, tracks = arguments.minutes, arguments.tracks
    with tempfile.TemporaryDirectory() as folder:
        cpu, size = record(Path(folder), minutes, tracks)
    hours = minutes * tracks / 60
    figures = {
        "minutes": minutes,
        "tracks": tracks,
        "cpu_seconds_per_track_hour": round(cpu / hours, 2),
        "megabytes_per_track_hour": round(size / hours / 1e6),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
