from pathlib import Path

import pytest
from support.clock import FakeClock
from support.domain import meeting, recording, session

from server.services.recordings_guard import RecordingsGuard
from signaling.model import RecordingState


class Runs:
    """Recordings that take packets until they are ended."""

    def __init__(self, clock: FakeClock) -> None:
        of = session(meeting())
        self.view = recording(of, state=RecordingState.RECORDING, started_at=clock.utc())
        self.ended: list[str] = []

    def taking_packets(self):
        return [] if self.ended else [self.view]

    async def end(self, recording_id: str, why: str) -> None:
        assert recording_id == self.view.id
        self.ended.append(why)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def runs(clock: FakeClock) -> Runs:
    return Runs(clock)


def guard(runs: Runs, clock: FakeClock, path: Path, free: int) -> RecordingsGuard:
    made = RecordingsGuard(runs, path, clock, floor_bytes=1000, max_seconds=60)
    made.free_bytes = lambda: free
    return made


async def test_a_disk_below_the_floor_ends_what_runs(runs, clock, tmp_path):
    watching = guard(runs, clock, tmp_path, 999)
    await watching.check()
    assert runs.ended == ["disk_floor"]
    await watching.check()
    assert runs.ended == ["disk_floor"]


async def test_a_low_disk_only_warns(runs, clock, tmp_path, capsys):
    await guard(runs, clock, tmp_path, 1001).check()
    assert runs.ended == []


async def test_a_recording_ends_at_its_longest(runs, clock, tmp_path):
    watching = guard(runs, clock, tmp_path, 1 << 40)
    clock.advance(59)
    await watching.check()
    assert runs.ended == []
    clock.advance(1)
    await watching.check()
    assert runs.ended == ["max_length"]


async def test_the_real_disk_is_asked(runs, clock, tmp_path):
    watching = RecordingsGuard(runs, tmp_path, clock, floor_bytes=1 << 62, max_seconds=60)
    await watching.check()
    assert runs.ended == ["disk_floor"]
