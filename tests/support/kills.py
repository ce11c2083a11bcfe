"""Recordings whose process is killed, made whole again, and judged."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.opus_tone import decode, main_frequency
from support.recording import opusinfo

from media.recording.recovery import recover
from media.types import RecordedFile

TESTS = Path(__file__).parents[1]


def killed(
    directory: Path, tracks: int, after: int, *, dtx: bool = False
) -> tuple[RecordedFile, ...]:
    """Kill a recording process after so many packets; what it had sent must be there."""
    command = [sys.executable, "-m", "support.recording_victim", directory, str(tracks)]
    with subprocess.Popen(
        [*command, *(["dtx"] if dtx else [])], cwd=TESTS, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        sent = 0
        try:
            while sent < after:
                sent = int(process.stdout.readline())
        finally:
            process.kill()
        rest = process.stdout.read().split()
    sent = int(rest[-1]) if rest else sent
    for path in directory.glob("*.ogg"):  # playable before anybody repaired it
        assert len(decode(path)) > 0
    result = recover(directory, FakeClock())
    assert len(result.files) == tracks
    for file in result.files:
        assert sent * 0.02 - 1 <= file.duration_seconds <= sent * 0.02 + 0.05
        _ = opusinfo(directory / file.name)
        samples = decode(directory / file.name)
        assert len(samples) == round(file.duration_seconds * 48_000)
        assert main_frequency(samples[2400:]) == pytest.approx(440, abs=5)
    return result.files
