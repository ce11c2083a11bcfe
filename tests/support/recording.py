"""A recording in a test: a stage to feed it from, players that judge the files."""

import json
import subprocess
from pathlib import Path

from support.clock import FakeClock

from media.recording.recorder import Recorder
from media.recording.writer import WriterThread
from media.types import RecordingSpec, TrackSource, TrackTap


class Failures:
    """A `RecordingListener` that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def recording_failed(self, recording_id: str, code: str) -> None:
        self.heard.append((recording_id, code))


def spec(directory: Path) -> RecordingSpec:
    return RecordingSpec("rec1", "room1", directory, "meet1", "sess1", "ana")


async def started(
    directory: Path, writer: WriterThread, clock: FakeClock, listener: Failures | None = None
) -> Recorder:
    return await Recorder.start(
        spec(directory), writer, clock, listener or Failures(), disk_floor_bytes=0
    )


def microphone(recorder: Recorder, who: str = "p1", connection: str = "c1") -> TrackTap:
    tap = recorder.open_track(who, f"Name of {who}", TrackSource.MICROPHONE, connection, 7)
    assert tap is not None
    return tap


def speak(
    tap: TrackTap, clock: FakeClock, packets: tuple[bytes, ...], *, first: int = 0, ms: int = 20
) -> int:
    """Send packets in real time on a clean line; returns the number for the next one."""
    for number, packet in enumerate(packets, first):
        tap.rtp(clock.monotonic_ns(), number & 0xFFFF, number * 48 * ms & 0xFFFF_FFFF, packet)
        clock.advance(ms / 1000)
    return first + len(packets)


def opusinfo(path: Path) -> str:
    """What opusinfo says; a warning fails the test."""
    done = subprocess.run(["opusinfo", path], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "WARNING" not in said.upper(), said
    return said


def probed_seconds(path: Path) -> float:
    """The last packet's end as ffprobe sees it; anything it complains about fails the test."""
    command = ["ffprobe", "-v", "warning", "-of", "json", "-show_entries", "format=duration", path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return float(json.loads(done.stdout)["format"]["duration"])
