"""A process that records in real time until somebody kills it, saying how far it has come.

Usage: python -m support.recording_victim DIRECTORY TRACKS
"""

import asyncio
import sys
from pathlib import Path

from support.opus_tone import tone_packets
from support.recording import Failures, spec

from media.clock import SystemClock
from media.recording.recorder import Recorder
from media.recording.writer import WriterThread
from media.types import TrackSource


async def main(directory: Path, tracks: int) -> None:
    clock = SystemClock()
    writer = WriterThread(clock)
    writer.start()
    packets = tone_packets(1)
    recorder = await Recorder.start(spec(directory), writer, clock, Failures(), disk_floor_bytes=0)
    taps = [
        recorder.open_track(f"p{who}", f"Name {who}", TrackSource.MICROPHONE, "c", who)
        for who in range(tracks)
    ]
    begun, sent = clock.monotonic(), 0
    while True:
        while sent * 0.02 <= clock.monotonic() - begun:
            for tap in taps:
                tap.rtp(clock.monotonic_ns(), sent & 0xFFFF, sent * 960, packets[sent % 50])
            sent += 1
        sys.stdout.write(f"{sent}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
