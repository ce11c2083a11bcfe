"""A process that records a camera in real time until somebody kills it, saying how far it is.

Usage: python -m support.film_victim DIRECTORY
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from support.film import RATE, STREAM, frames, payloads
from support.recording import Failures, spec

from media.clock import SystemClock
from media.recording.recorder import Recorder
from media.recording.writer import WriterThread
from media.types import TrackSource


async def main(directory: Path) -> None:
    clock = SystemClock()
    writer = WriterThread(clock)
    writer.start()
    film = frames("video/vp8", 90)
    recorder = await Recorder.start(
        replace(spec(directory), media="audio_video"),
        writer,
        clock,
        Failures(),
        disk_floor_bytes=0,
    )
    tap = recorder.open_video("p1", "Ana", TrackSource.CAMERA, "c1", STREAM)
    assert tap is not None
    begun, sent, sequence = clock.monotonic(), 0, 0
    while True:
        while sent / RATE <= clock.monotonic() - begun:
            parts = payloads("video/vp8", film[sent % 90], sent)
            for at, part in enumerate(parts):
                last = at == len(parts) - 1
                tap.rtp(clock.monotonic_ns(), sequence & 0xFFFF, sent * 3000, part, marker=last)
                sequence += 1
            sent += 1
        sys.stdout.write(f"{sent}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
