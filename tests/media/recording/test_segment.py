import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.recording import opusinfo

from media.recording import files
from media.recording.describe import TimeZero
from media.recording.files import RecordingDirectory
from media.recording.plan import Cause, Counters, Fill, FillKind, Gap, NewSegment, Packet, Reason
from media.recording.segment import Origin, SegmentFile, new_entry
from media.rtp.opus import silence

ZERO = TimeZero(datetime(2026, 11, 20, 9, tzinfo=UTC), 1_000_000_000)
ORIGIN = Origin("rec1", 4, "c1", 7)
S = 1_000_000_000


def begin(counters: Counters | None = None, *, stereo: bool = False) -> NewSegment:
    return NewSegment(Reason.START, 0, 3 * S, stereo, counters or Counters())


@pytest.fixture
def directory(tmp_path: Path):
    opened = RecordingDirectory(tmp_path)
    yield opened
    opened.close()


def opened(directory: RecordingDirectory, start: NewSegment) -> SegmentFile:
    entry = new_entry("004-a-audio.ogg", 1, start, ZERO, ORIGIN)
    return SegmentFile(directory, entry, start, ZERO, ORIGIN)


def packet(number: int, *, late_ms: int = 0) -> Packet:
    arrival = 3 * S + number * 20_000_000 + late_ms * 1_000_000
    return Packet(b"\xf8\xff\xfe", 960, number * 960, arrival)


class TestTimeZero:
    def test_times_of_day_come_from_the_monotonic_clock(self) -> None:
        assert ZERO.at(3 * S + 500) - ZERO.utc == timedelta(seconds=2)


class TestFile:
    def test_tags_say_what_it_is_without_names(
        self, directory: RecordingDirectory, tmp_path: Path
    ) -> None:
        segment = opened(directory, begin())
        segment.packet(packet(0))
        segment.finish()
        said = opusinfo(tmp_path / "004-a-audio.ogg")
        for tag in (
            "ENCODER=roomtone",
            "ROOMTONE_RECORDING=rec1",
            "ROOMTONE_TRACK=4",
            "ROOMTONE_SEGMENT=1",
            "DATE=2026-11-20T09:00:02+00:00",
        ):
            assert tag in said

    def test_stereo_has_two_channels(self, directory: RecordingDirectory, tmp_path: Path) -> None:
        segment = opened(directory, begin(stereo=True))
        segment.packet(packet(0))
        segment.finish()
        assert "Channels: 2" in opusinfo(tmp_path / "004-a-audio.ogg")

    def test_says_when_a_page_reached_the_file(self, directory: RecordingDirectory) -> None:
        segment = opened(directory, begin())
        assert not any(segment.packet(packet(number)) for number in range(19))
        assert segment.packet(packet(19))  # the first page, once the second is full too
        assert segment.fill_all(Fill(FillKind.SILENCE, tuple(silence(48_000)), 48_000))
        segment.abandon()

    def test_headers_that_do_not_fit_leave_no_open_file(
        self, directory: RecordingDirectory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed: list[int] = []

        def full(fd: int, data: memoryview) -> int:
            closed.append(fd)
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(files.os, "write", full)
        with pytest.raises(OSError, match="full"):
            opened(directory, begin())
        monkeypatch.undo()
        with pytest.raises(OSError, match="descriptor"):
            files.os.fstat(closed[0])


class TestEntry:
    def test_says_what_happened(self, directory: RecordingDirectory, tmp_path: Path) -> None:
        counters = Counters(received=11, lost=2, late=1, dropped=3)
        counters.filled[FillKind.CONCEALED] = 960
        counters.gaps.append(Gap(312 + 4800, 9600, Cause.LOSS))
        segment = opened(directory, begin(counters))
        for number in range(11):
            segment.packet(packet(number, late_ms=number % 3))
        segment.finish()
        entry = segment.entry
        assert entry.duration_ms == pytest.approx(220 - 6.5)
        assert entry.offset_ms == pytest.approx(2000)
        assert entry.first_sample_time == ZERO.utc + timedelta(seconds=2)
        assert (entry.packets.received, entry.packets.lost, entry.packets.dropped) == (11, 2, 3)
        assert entry.fill_ms.concealed == 20
        (gap,) = entry.gaps
        assert (gap.at_ms, gap.dur_ms, gap.cause) == (100, 200, "loss")
        assert entry.bytes == (tmp_path / entry.file).stat().st_size
        assert entry.complete
        assert entry.sha256

    def test_abandoned_is_not_complete(self, directory: RecordingDirectory) -> None:
        segment = opened(directory, begin())
        for number in range(25):
            segment.packet(packet(number))
        segment.clock.report(5 << 32, 0)
        segment.sync()
        segment.abandon()
        assert not segment.entry.complete
        assert segment.entry.duration_ms == pytest.approx(200 - 6.5)

    def test_begins_at_its_first_arrival(self, directory: RecordingDirectory) -> None:
        segment = opened(directory, begin())
        segment.describe()
        assert segment.entry.offset_ms == 2000
        segment.abandon()
