import errno
from pathlib import Path

import pytest

from media.recording.files import AppendFile, RecordingDirectory
from media.recording.rtplog import HEADER, RECORD, LogHeader, Mark, MarkKind
from media.recording.sidecar import Sidecar
from media.recording.tap import RtpItem

HEAD = LogHeader(1, 7, 0, 0)


def item(number: int) -> RtpItem:
    return RtpItem(number, number & 0xFFFF, number * 960, b"\x78" + bytes(40), stored=True)


@pytest.fixture
def place(tmp_path: Path) -> RecordingDirectory:
    return RecordingDirectory(tmp_path)


def test_what_came_before_the_file_is_in_it(tmp_path: Path, place: RecordingDirectory) -> None:
    log = Sidecar(enabled=True)
    log.mark(Mark(MarkKind.BEGIN, 0))
    log.open(place, "a.rtplog", HEAD)
    for number in range(65_530, 65_545):
        log.packet(item(number))
    log.close()
    assert (tmp_path / "a.rtplog").stat().st_size == HEADER.size + 16 * RECORD.size


def test_a_packet_that_follows_leaves_the_same_record(
    tmp_path: Path, place: RecordingDirectory
) -> None:
    plain, quick = Sidecar(enabled=True), Sidecar(enabled=True)
    for log, name in ((plain, "a.rtplog"), (quick, "b.rtplog")):
        log.open(place, name, HEAD)
    for number in (65_534, 65_535, 65_536, 65_540, 65_541):
        plain.packet(item(number))
        quick.follow(item(number), 960)
    plain.close()
    quick.close()
    assert (tmp_path / "a.rtplog").read_bytes() == (tmp_path / "b.rtplog").read_bytes()


def test_a_disabled_log_leaves_nothing(tmp_path: Path, place: RecordingDirectory) -> None:
    log = Sidecar(enabled=False)
    log.packet(item(1))
    log.follow(item(2), 960)
    log.open(place, "a.rtplog", HEAD)
    log.close()
    assert (log.name, list(tmp_path.iterdir())) == (None, [])


def test_a_failing_disk_costs_the_log_alone(
    place: RecordingDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Sidecar(enabled=True)
    log.open(place, "a.rtplog", HEAD)

    def full(_: AppendFile, __: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(AppendFile, "append", full)
    log.packet(item(1))
    log.flush(everything=True)
    log.packet(item(2))
    log.close()
    assert log.name == "a.rtplog"  # what is in it stays true
