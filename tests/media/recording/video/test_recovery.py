import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.film import faults, frames, probed, shown

from media.recording.manifest import decode
from media.recording.recovery import recover
from media.recording.video.matroska import MatroskaError
from media.recording.video.recovery import salvage

VP8 = "video/vp8"


@pytest.fixture
def killed(studio, tmp_path: Path) -> Path:
    """What a writer leaves that dies after ten seconds."""
    camera = studio.camera()
    film = frames(VP8, 300)
    for first in range(0, 300, 3):
        camera.film(film[first : first + 3])
        studio.serve()
    studio.job.abandon("killed")
    return tmp_path / "001-ana-camera.webm"


def manifest_of(directory: Path):
    return decode((directory / "manifest.json").read_bytes())


class TestAfterAKill:
    def test_the_file_plays_before_and_can_be_searched_afterwards(self, killed, tmp_path):
        before = len(shown(killed))
        assert before >= 270  # of 300: what a second and a batch hold is lost
        result = recover(tmp_path, FakeClock())
        (file,) = result.files
        assert (result.recovered, file.complete) == (True, False)
        assert file.duration_seconds == pytest.approx(before / 30, abs=0.04)
        assert float(probed(killed)["duration"]) == pytest.approx(file.duration_seconds, abs=0.002)
        assert len(shown(killed)) == before
        assert file.bytes == killed.stat().st_size
        assert faults(tmp_path) == []

    def test_it_is_done_once(self, killed, tmp_path):
        first = recover(tmp_path, FakeClock())
        assert recover(tmp_path, FakeClock()).files == first.files

    def test_a_torn_tail_is_cut_off(self, killed, tmp_path):
        with killed.open("ab") as file:
            file.write(b"\x1f\x43\xb6\x75\x88torn")
        recover(tmp_path, FakeClock())
        (segment,) = manifest_of(tmp_path).tracks[0].segments
        assert segment.recovered.truncated_bytes == 9
        assert faults(tmp_path) == []

    def test_any_cut_leaves_a_file_that_plays(self, killed, tmp_path):
        whole = killed.read_bytes()
        chance = random.Random(6)
        for size in (chance.randrange(400, len(whole)) for _ in range(40)):
            killed.write_bytes(whole[:size])
            fd = os.open(killed, os.O_RDWR)
            saved = salvage(fd)
            os.close(fd)
            assert saved.size == killed.stat().st_size
            assert saved.duration_ms >= 0
            again = os.open(killed, os.O_RDWR)
            assert salvage(again).whole
            os.close(again)

    def test_writes_that_stop_half_way_are_gone_on_with(self, killed, monkeypatch):
        whole = os.pwrite
        monkeypatch.setattr(os, "pwrite", lambda fd, data, at: whole(fd, data[:7], at))
        fd = os.open(killed, os.O_RDWR)
        try:
            saved = salvage(fd)
            again = salvage(fd)
        finally:
            os.close(fd)
        assert (again.whole, again.size, again.sha256) == (True, saved.size, saved.sha256)
        assert again.duration_ms == saved.duration_ms

    def test_a_file_that_ended_before_the_kill_is_left_alone(self, studio, tmp_path):
        camera = studio.camera()
        camera.film(frames(VP8, 60))
        camera.tap.close()
        while studio.job.service(studio.clock.monotonic_ns()) and not studio.segments():
            studio.clock.advance(0.1)
        studio.serve()
        studio.job.abandon("killed")
        before = (tmp_path / "001-ana-camera.webm").read_bytes()
        (file,) = recover(tmp_path, FakeClock()).files
        assert file.complete
        assert (tmp_path / "001-ana-camera.webm").read_bytes() == before

    def test_a_head_alone_is_no_recording(self, killed, tmp_path):
        killed.write_bytes(killed.read_bytes()[:400])
        assert recover(tmp_path, FakeClock()).files == ()

    @pytest.mark.parametrize("content", [b"", b"short", bytes(500)])
    def test_a_damaged_head_costs_the_file_alone(self, killed, tmp_path, content, caplog):
        killed.write_bytes(content)
        assert recover(tmp_path, FakeClock()).files == ()
        assert "cannot be recovered" in caplog.text

    def test_something_that_is_no_file_is_left_alone(self, killed, tmp_path):
        killed.unlink()
        killed.mkdir()
        assert recover(tmp_path, FakeClock()).files == ()


class TestLostManifest:
    def test_a_file_that_no_manifest_knows_is_adopted(self, killed, tmp_path):
        manifest = json.loads((tmp_path / "manifest.json").read_bytes())
        manifest["tracks"] = []
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        (file,) = recover(tmp_path, FakeClock()).files
        assert (file.participant_id, file.label, file.source) == ("unknown", "ana", "camera")
        assert file.content_type == "video/webm; codecs=vp8"
        assert file.offset_seconds == pytest.approx(0, abs=0.2)
        assert faults(tmp_path) == []

    def test_a_file_of_a_known_track_goes_to_it(self, killed, tmp_path):
        (tmp_path / "001-ana-camera.2.webm").write_bytes(killed.read_bytes())
        recover(tmp_path, FakeClock())
        (track,) = manifest_of(tmp_path).tracks
        assert [one.number for one in track.segments] == [1, 2]

    def test_without_a_manifest_the_first_picture_is_the_start(self, killed, tmp_path):
        (tmp_path / "manifest.json").write_bytes(b"{")
        result = recover(tmp_path, FakeClock())
        assert result.started_at.isoformat().startswith("2026-11-20T09:00:00")
        assert result.files[0].offset_seconds == pytest.approx(0, abs=0.001)

    @pytest.mark.parametrize("date", [b"yesterday", b"2026-11-20T09:00:00"])
    def test_a_date_that_is_none_is_the_epochs(self, killed, tmp_path, date):
        content = killed.read_bytes()
        at = content.index(b"2026-11-20T09:00:00")
        end = content.index(b"+00:00", at) + 6
        killed.write_bytes(content[:at] + date.ljust(end - at) + content[end:])
        manifest = json.loads((tmp_path / "manifest.json").read_bytes())
        manifest["tracks"] = []
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        (file,) = recover(tmp_path, FakeClock()).files
        assert file.offset_seconds == 0


class TestVerify:
    @pytest.fixture
    def kept(self, studio, tmp_path):
        camera = studio.camera()
        camera.film(frames(VP8, 60))
        studio.stop()
        return tmp_path / "001-ana-camera.webm"

    def change(self, directory, **members):
        manifest = json.loads((directory / "manifest.json").read_bytes())
        segment = manifest["tracks"][0]["segments"][0]
        segment.update(members)
        (directory / "manifest.json").write_text(json.dumps(manifest))

    def rehashed(self, directory, content):
        (directory / "001-ana-camera.webm").write_bytes(content)
        self.change(directory, sha256=hashlib.sha256(content).hexdigest())
        return [one.code for one in faults(directory)]

    def test_a_whole_file_has_no_fault(self, kept, tmp_path):
        assert faults(tmp_path) == []

    def test_another_content_is_noticed(self, kept, tmp_path):
        kept.write_bytes(kept.read_bytes()[:-1] + b"x")
        assert [one.code for one in faults(tmp_path)] == ["hash"]

    def test_a_missing_end_is_noticed(self, kept, tmp_path):
        assert self.rehashed(tmp_path, kept.read_bytes()[:-1]) == ["not_ended"]

    def test_a_head_of_something_else_is_noticed(self, kept, tmp_path):
        assert self.rehashed(tmp_path, b"OggS" + bytes(40)) == ["damaged"]

    def test_another_length_is_noticed(self, kept, tmp_path):
        self.change(tmp_path, duration_ms=5000.0)
        assert [one.code for one in faults(tmp_path)] == ["duration"]

    def test_another_count_of_pictures_is_noticed(self, kept, tmp_path):
        self.change(tmp_path, frames={"width": 1, "height": 1, "written": 61})
        assert [one.code for one in faults(tmp_path)] == ["pictures"]

    def test_pictures_that_do_not_decode_are_noticed(self, kept, tmp_path):
        content = bytearray(kept.read_bytes())
        at = content.index(b"\x9d\x01\x2a")
        content[at : at + 3] = bytes(3)
        assert set(self.rehashed(tmp_path, bytes(content))) <= {"undecodable", "pictures"}

    def test_a_file_that_a_failing_disk_broke_off_need_not_be_ended(self, kept, tmp_path):
        content = kept.read_bytes()
        self.change(tmp_path, complete=False)
        assert self.rehashed(tmp_path, content[:-1]) == []


def kill_and_recover(directory: Path, pictures: int) -> None:
    """Kill a recording process once it has sent so many pictures."""
    command = [sys.executable, "-m", "support.film_victim", str(directory)]
    environment = os.environ | {"PYTHONPATH": "tests"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        sent = 0
        try:
            while sent < pictures:
                sent = int(process.stdout.readline())
        finally:
            process.kill()
        rest = process.stdout.read().split()
    sent = int(rest[-1]) if rest else sent
    path = directory / "001-ana-camera.webm"
    before = len(shown(path))  # playable before anybody repaired it
    (file,) = recover(directory, FakeClock()).files
    assert sent / 30 - 3 <= file.duration_seconds <= sent / 30 + 0.1
    assert len(shown(path)) == before
    assert float(probed(path)["duration"]) == pytest.approx(file.duration_seconds, abs=0.002)
    assert faults(directory) == []


class TestKill:
    def test_at_most_three_seconds_are_lost(self, tmp_path: Path) -> None:
        kill_and_recover(tmp_path, 100)

    @pytest.mark.long
    @pytest.mark.timeout(900)
    def test_at_most_three_seconds_are_lost_fifty_times(self, tmp_path: Path) -> None:
        chance = random.Random(4)
        for number in range(50):
            directory = tmp_path / str(number)
            directory.mkdir()
            kill_and_recover(directory, chance.randint(95, 200))


def test_an_empty_file_is_none_of_ours(tmp_path):
    fd = os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT)
    with pytest.raises(MatroskaError):
        salvage(fd)
    os.close(fd)


def test_a_directory_cannot_be_salvaged(tmp_path):
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(OSError, match="regular"):
        salvage(fd)
    os.close(fd)
