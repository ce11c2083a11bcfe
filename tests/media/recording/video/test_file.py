import hashlib

import pytest
from support.clock import FakeClock

from media.recording.describe import TimeZero
from media.recording.files import RecordingDirectory
from media.recording.segment import Origin
from media.recording.video import file as module
from media.recording.video.file import Digesting, VideoFile, as_samples, new_entry
from media.recording.video.frames import Format
from media.recording.video.plan import Counters, NewFile, Picture, Reason

SECOND = 1_000_000_000


@pytest.fixture
def place(tmp_path):
    directory = RecordingDirectory(tmp_path)
    yield directory
    directory.close()


@pytest.fixture
def video(place):
    clock = FakeClock()
    zero = TimeZero(clock.utc(), clock.monotonic_ns())
    start = NewFile(
        Reason.START, Format("video/vp8", 64, 48), 7, zero.monotonic_ns + SECOND, Counters()
    )
    origin = Origin("rec1", 1, "c1", 7)
    entry = new_entry("001-a-camera.webm", 1, start, zero, origin)
    return VideoFile(place, entry, start, zero, origin)


def picture(seconds, *, key=False, size=10):
    return Picture(bytes(size), round(seconds * 90_000), key, round(seconds * SECOND))


def size(tmp_path):
    return (tmp_path / "001-a-camera.webm").stat().st_size


class TestClusters:
    def test_pictures_wait_for_the_next_key_frame(self, video, tmp_path):
        head = size(tmp_path)
        assert not video.picture(picture(0, key=True), 0)
        assert not video.picture(picture(0.1), 0)
        assert size(tmp_path) == head
        assert video.picture(picture(0.2, key=True), 0)
        assert size(tmp_path) > head

    def test_no_longer_than_a_second(self, video):
        assert not video.flush_due(2 * SECOND)
        video.picture(picture(0, key=True), 5 * SECOND)
        assert not video.flush_due(5 * SECOND + SECOND // 2)
        assert video.flush_due(6 * SECOND)
        assert not video.flush_due(9 * SECOND)

    def test_nor_than_some_seconds_of_their_own_time(self, video):
        video.picture(picture(0, key=True), 0)
        assert video.picture(picture(5.1), 0)

    def test_nor_than_a_megabyte(self, video, monkeypatch):
        monkeypatch.setattr(module, "CLUSTER_BYTES", 100)
        video.picture(picture(0, key=True, size=101), 0)
        assert video.picture(picture(0.1), 0)


class TestHash:
    def test_it_is_of_the_finished_file_and_made_in_pieces(
        self, video, place, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(module, "HASHED_AT_ONCE", 200)
        for number in range(10):
            video.picture(picture(number / 10, key=number == 0, size=50), 0)
        video.finish(90_000)
        digesting = Digesting(place, video.entry)
        steps = 1
        while digesting.step():
            steps += 1
        content = (tmp_path / "001-a-camera.webm").read_bytes()
        assert steps == len(content) // 200 + 1
        assert video.entry.sha256 == hashlib.sha256(content).hexdigest()
        assert video.entry.bytes == len(content)

    def test_a_file_without_a_picture_is_none(self, video, place):
        video.abandon()
        assert not Digesting(place, video.entry).step()
        assert video.entry.sha256 is None

    def test_a_file_that_is_gone_is_left_to_recovery(self, video, place, tmp_path, caplog):
        video.abandon()
        (tmp_path / "001-a-camera.webm").unlink()
        assert not Digesting(place, video.entry).step()
        assert "not hashed" in caplog.text


def test_video_ticks_are_counted_in_samples():
    assert as_samples(90_000) == 48_000


def test_a_head_that_cannot_be_written_leaves_no_open_file(video, monkeypatch):
    def fail(*_):
        raise OSError("full")

    monkeypatch.setattr(module.AppendFile, "append", fail)
    with pytest.raises(OSError, match="full"):
        VideoFile(
            video._directory,
            video.entry.model_copy(update={"file": "002-a-camera.webm"}),
            NewFile(Reason.START, Format("video/vp8", 64, 48), 7, 0, Counters()),
            video._zero,
            Origin("rec1", 1, "c1", 7),
        )
