import errno
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.recording import opusinfo

from media.recording.attempts import RETRY_NS
from media.recording.describe import TimeZero
from media.recording.files import AppendFile, RecordingDirectory
from media.recording.manifest import TrackEntry
from media.recording.plan import Reason
from media.recording.tap import QUEUED, QueuedTap
from media.recording.track import Place, TrackIdentity, TrackWriter
from media.types import TrackSource

VOICE = b"\x78 voice"
S = 1_000_000_000
ANA = TrackIdentity("p1", "Ana", TrackSource.MICROPHONE, "c1", 7)


class Disk(RecordingDirectory):
    """A directory whose disk fails when told to."""

    broken: int | None = None
    syncs = 0

    def create(self, name: str) -> AppendFile:
        disk = self

        class File(AppendFile):
            def append(self, data: bytes) -> None:
                if disk.broken is not None:
                    raise OSError(disk.broken, "broken")
                super().append(data)

            def sync(self) -> None:
                disk.syncs += self.dirty
                super().sync()

        whole = super().create(name)
        return File(whole._fd)


@dataclass
class Stage:
    """One track on a disk, with a clock."""

    directory: Disk
    path: Path
    clock: FakeClock = field(default_factory=FakeClock)
    entry: TrackEntry = field(
        default_factory=lambda: TrackEntry(
            number=1, participant_id="p1", name="Ana", label=TrackSource.MICROPHONE
        )
    )
    changes: int = 0
    failures: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.tap = QueuedTap(self.clock, paused=False)
        self.track = self.writer(5 * S)

    def writer(self, fsync_ns: int, *, cut_pauses: bool = False) -> TrackWriter:
        place = Place(
            recording_id="rec1",
            directory=self.directory,
            zero=TimeZero(self.clock.utc(), self.clock.monotonic_ns()),
            rtplog=True,
            cut_pauses=cut_pauses,
            fsync_ns=fsync_ns,
            entry_for=lambda _: self.entry,
            changed=self.changed,
            failed=self.failures.append,
        )
        return TrackWriter(ANA, self.tap, place, Reason.RECONNECT)

    def changed(self) -> None:
        self.changes += 1

    def speak(self, seconds: float, *, serve: bool = True) -> None:
        for _ in range(round(seconds * 50)):
            now = self.clock.monotonic_ns()
            self.tap.rtp(now, self.sent & 0xFFFF, self.sent * 960 & 0xFFFF_FFFF, VOICE)
            self.sent += 1
            self.clock.advance(0.02)
            if serve and self.sent % 5 == 0:
                self.serve()

    def serve(self) -> bool:
        return self.track.service(self.clock.monotonic_ns())

    @property
    def reasons(self) -> list[str]:
        return [segment.reason for segment in self.entry.segments]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    directory = Disk(tmp_path)
    stage = Stage(directory, tmp_path)
    yield stage
    stage.track.abandon()
    directory.close()


class TestLife:
    def test_ends_with_its_tap(self, stage: Stage) -> None:
        stage.speak(1)
        assert stage.serve()
        stage.tap.close()
        assert not stage.serve()
        (segment,) = stage.entry.segments
        assert segment.duration_ms == pytest.approx(1000, abs=3)
        assert segment.reason == "start"  # the first file of a track begins, whatever came before
        assert stage.changes == 2
        opusinfo(stage.path / segment.file)

    def test_filled_up_to_the_end_and_not_beyond_though_served_later(self, stage: Stage) -> None:
        stage.speak(1)
        stage.tap.close()
        stage.clock.advance(60)
        assert not stage.serve()
        assert stage.entry.segments[0].duration_ms == pytest.approx(1000, abs=3)

    def test_a_pause_that_cuts_ends_the_file_at_once_though_nobody_speaks(
        self, stage: Stage
    ) -> None:
        stage.track = stage.writer(5 * S, cut_pauses=True)
        stage.speak(1)
        stage.tap.paused = True
        assert stage.serve()
        (segment,) = stage.entry.segments
        assert segment.complete
        assert segment.duration_ms == pytest.approx(1000, abs=3)

    def test_reports_reach_the_alignment(self, stage: Stage) -> None:
        stage.tap.sender_report(0, 1, 2)  # before any packet it means nothing
        for _ in range(10):
            stage.speak(5)
            now = stage.clock.monotonic_ns()
            stage.tap.sender_report(now, (now << 32) // S, stage.sent * 960)
        stage.serve()
        stage.track.describe()
        assert stage.entry.segments[0].method == "sr"

    def test_overload_closes_the_segment_and_says_what_it_cost(self, stage: Stage) -> None:
        stage.speak((QUEUED + 100) / 50, serve=False)
        stage.serve()
        stage.speak(1)
        assert stage.reasons == ["start", "overload"]
        stage.tap.close()
        stage.serve()
        first, second = stage.entry.segments
        assert second.packets.dropped == 100
        assert first.complete
        assert second.complete


class TestSync:
    def test_every_so_often(self, stage: Stage) -> None:
        stage.speak(21)
        assert stage.directory.syncs in (8, 10)  # the file and its log

    def test_after_each_page_when_asked(self, stage: Stage) -> None:
        stage.track = stage.writer(0)
        stage.speak(2.1)
        assert stage.directory.syncs >= 10


class TestFailingDisk:
    def test_closes_the_segment_and_goes_on_after_5_s(self, stage: Stage) -> None:
        stage.speak(2)
        stage.directory.broken = errno.EIO
        stage.speak(1)
        stage.directory.broken = None
        stage.speak(4)
        assert stage.reasons == ["start"]
        stage.speak(2)
        stage.tap.close()
        stage.serve()
        first, second = stage.entry.segments
        assert second.reason == "write_error"
        assert not first.complete
        assert first.duration_ms == pytest.approx(1993.5, abs=210)
        assert second.packets.dropped > 200
        assert second.offset_ms + second.duration_ms == pytest.approx(9000, abs=10)
        assert stage.failures == []
        assert first.sha256

    def test_gives_up_after_three_failures(self, stage: Stage) -> None:
        stage.speak(2)
        stage.directory.broken = errno.ENOSPC
        stage.speak(20)
        assert stage.failures == ["disk_full"]
        stage.directory.broken = None
        stage.speak(10)
        assert stage.failures == ["disk_full"]
        stage.tap.close()
        assert not stage.serve()
        assert [one.sha256 is not None for one in stage.entry.segments] == [True, False, False]

    def test_failures_long_apart_are_forgiven(self, stage: Stage) -> None:
        for _ in range(4):
            stage.speak(61)
            stage.directory.broken = errno.EIO
            stage.speak(0.5)
            stage.directory.broken = None
            stage.speak(RETRY_NS / S)
        assert stage.failures == []
        assert len(stage.entry.segments) in (4, 5)

    def test_the_last_page_that_does_not_fit_ends_the_track_all_the_same(
        self, stage: Stage
    ) -> None:
        stage.speak(2)
        stage.directory.broken = errno.ENOSPC
        stage.tap.close()
        assert not stage.serve()
        assert not stage.entry.segments[0].complete
