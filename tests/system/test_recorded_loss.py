"""What a power cut and a long day leave of a recording, on a clock and a disk of the test's own."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.opus_tone import tone_packets
from support.recording import spec

from media.recording.files import AppendFile, RecordingDirectory
from media.recording.job import Opened, RecordingJob
from media.recording.manifest import MANIFEST, decode
from media.recording.plan import Reason
from media.recording.recovery import recover
from media.recording.rtplog import LoggedPacket, read_entries
from media.recording.tap import QueuedTap
from media.recording.track import TrackIdentity
from media.types import TrackSource


class VolatileDisk(RecordingDirectory):
    """Remembers what was brought to the disk, so that a power cut can drop all the rest."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.kept: dict[str, int] = {}
        self.powered = True
        self._path = path

    def create(self, name: str) -> AppendFile:
        disk = self

        class File(AppendFile):
            def append(self, data: bytes) -> None:
                if disk.powered:
                    super().append(data)

            def sync(self) -> None:
                if disk.powered:
                    super().sync()
                    disk.kept[name] = self.size

        return File(super().create(name)._fd)

    def cut_power(self) -> None:
        """Cut every file after what was synced; nothing is written after it."""
        self.powered = False
        for path in self._path.iterdir():
            if path.suffix in (".ogg", ".rtplog"):
                with path.open("r+b") as file:
                    file.truncate(self.kept.get(path.name, 0))


@dataclass
class Meeting:
    """A recording that is fed and served by hand."""

    disk: RecordingDirectory
    path: Path
    fsync_seconds: float = 5.0
    clock: FakeClock = field(default_factory=FakeClock)
    sent: int = 0

    def __post_init__(self) -> None:
        self.job = RecordingJob(
            spec(self.path), self.disk, self.clock, self.fsync_seconds, pytest.fail
        )
        self.job.write_manifest()
        self.taps = [self.join(number) for number in range(3)]

    def join(self, number: int) -> QueuedTap:
        tap = QueuedTap(self.clock, paused=False)
        identity = TrackIdentity(f"p{number}", "A", TrackSource.MICROPHONE, f"c{number}", number)
        self.job.opened.append(Opened(identity, tap, Reason.START))
        return tap

    def speak(self, seconds: float, packets: tuple[bytes, ...], *, who: int = 2) -> None:
        """Let the first `who` people speak in packets of 20 ms."""
        for _ in range(round(seconds * 50)):
            now = self.clock.monotonic_ns()
            packet = packets[self.sent % len(packets)]
            for tap in self.taps[:who]:
                timestamp = (0xFFFF_0000 + self.sent * 960) & 0xFFFF_FFFF
                tap.rtp(now, self.sent & 0xFFFF, timestamp, packet)
            self.sent += 1
            self.clock.advance(0.02)
            if self.sent % 5 == 0:
                assert self.serve()

    def rest(self, seconds: int) -> None:
        """Let time pass in silence; timestamps go on, as those of a muted browser do."""
        for _ in range(seconds):
            self.clock.advance(1)
            assert self.serve()
        self.sent += seconds * 50

    def serve(self) -> bool:
        return self.job.service(self.clock.monotonic_ns())

    def finish(self) -> None:
        now = self.clock.monotonic_ns()
        for tap in self.taps:
            tap.close_at(now)
        self.job.finish_ns = now
        assert not self.serve()


@pytest.mark.parametrize("seed", range(8))
def test_a_power_cut_costs_at_most_a_second_and_the_time_between_syncs(tmp_path: Path, seed: int):
    disk = VolatileDisk(tmp_path)
    meeting = Meeting(disk, tmp_path)
    seconds = random.Random(seed).uniform(7, 30)
    meeting.speak(seconds, tone_packets(2.0))
    disk.cut_power()
    meeting.job.abandon("power")  # closes files
    result = recover(tmp_path, FakeClock())
    bound = decode((tmp_path / MANIFEST).read_bytes()).rpo.power_ms / 1e3
    assert bound == 6
    assert [file.participant_id for file in result.files] == ["p0", "p1"]
    for file in result.files:
        assert seconds - bound <= file.duration_seconds <= seconds
        log = (tmp_path / file.name).with_suffix(".rtplog")
        packets = sum(isinstance(one, LoggedPacket) for one in read_entries(log.read_bytes()))
        assert packets >= 50 * (seconds - bound)


def test_without_a_wait_between_syncs_it_costs_a_second(tmp_path: Path):
    disk = VolatileDisk(tmp_path)
    meeting = Meeting(disk, tmp_path, fsync_seconds=0)
    meeting.speak(7.3, tone_packets(2.0))
    disk.cut_power()
    meeting.job.abandon("power")  # closes files
    result = recover(tmp_path, FakeClock())
    assert len(result.files) == 2
    assert all(file.duration_seconds >= 6.3 for file in result.files)


def _day(path: Path, hours: int) -> None:
    """Speech for a minute of every hour, silence else; somebody never sends; clocks are set."""
    meeting = Meeting(RecordingDirectory(path), path)
    for hour in range(hours):
        meeting.speak(60, tone_packets(2.0))
        meeting.rest(3540)
        meeting.clock.step_utc(-7200 if hour % 2 else 3600)
    meeting.finish()
    manifest = decode((path / MANIFEST).read_bytes())
    assert [track.participant_id for track in manifest.tracks] == ["p0", "p1"]
    assert manifest.duration_ms == pytest.approx(hours * 3_600_000, abs=1)
    assert manifest.ended_at == manifest.started_at + timedelta(hours=hours)
    for track in manifest.tracks:
        (segment,) = track.segments
        assert segment.duration_ms == pytest.approx(hours * 3_600_000, abs=100)
        assert segment.packets.received == hours * 3000
        assert len(segment.gaps) == hours
        assert segment.bytes == (path / segment.file).stat().st_size


def test_an_hour_with_one_minute_of_speech(tmp_path: Path):
    _day(tmp_path, 1)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_eight_hours(tmp_path: Path):
    _day(tmp_path, 8)


def test_another_codec_or_stream_in_the_middle_stays_one_recording(tmp_path: Path):
    meeting = Meeting(RecordingDirectory(tmp_path), tmp_path)
    meeting.speak(3, tone_packets(2.0))
    meeting.speak(3, tone_packets(2.0, application="audio"))  # CELT after SILK
    meeting.taps[0].close_at(meeting.clock.monotonic_ns())
    meeting.taps[0] = meeting.join(0)
    meeting.speak(3, tone_packets(2.0))
    meeting.finish()
    manifest = decode((tmp_path / MANIFEST).read_bytes())
    first, second = manifest.tracks
    assert [round(one.duration_ms, -2) for one in first.segments] == [6000, 3000]
    assert [round(one.offset_ms, -2) for one in first.segments] == [0, 6000]
    assert [round(one.duration_ms, -2) for one in second.segments] == [9000]
