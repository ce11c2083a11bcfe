"""A process that records in real time until somebody kills it, saying how far it has come.

Usage: python -m support.recording_victim DIRECTORY TRACKS [dtx]
With `dtx` every second second is a pause, in which one packet comes each 400 ms.
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


async def main(directory: Path, tracks: int, *, dtx: bool) -> None:
    clock = SystemClock()
    writer = WriterThread(clock)
    writer.start()
    packets = tone_packets(1)
    recorder = await Recorder.start(spec(directory), writer, clock, Failures(), disk_floor_bytes=0)
    taps = [
        recorder.open_track(f"p{who}", f"Name {who}", TrackSource.MICROPHONE, "c", who)
        for who in range(tracks)
    ]
    begun, at, number, sent = clock.monotonic(), 0, 0, 0
    while True:
        while at * 0.02 <= clock.monotonic() - begun:
            if not dtx or at // 50 % 2 == 0 or at % 20 == 0:
                for tap in taps:
                    tap.rtp(clock.monotonic_ns(), number & 0xFFFF, at * 960, packets[at % 50])
                number, sent = number + 1, at + 1
            at += 1
        sys.stdout.write(f"{sent}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), dtx="dtx" in sys.argv))
