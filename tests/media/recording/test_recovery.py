import asyncio
import os
import random
from datetime import timedelta
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.kills import killed
from support.opus_tone import decode as decoded
from support.opus_tone import tone_packets
from support.recording import microphone, opusinfo, started

from media.recording.files import RecordingDirectory
from media.recording.manifest import MANIFEST, decode
from media.recording.ogg import OpusStream, opus_head, opus_tags
from media.recording.recovery import DAMAGED_MANIFEST, UNKNOWN, recover
from media.recording.writer import WriterThread
from media.types import TrackSource


@pytest.fixture
async def crashed(tmp_path: Path, clock: FakeClock) -> Path:
    """Two people recorded for 5 s, then the writer thread ended without the recording."""
    directory = tmp_path / "meet1" / "sess1" / "rec1"
    directory.mkdir(parents=True)
    thread = WriterThread(clock)
    thread.start()
    recorder = await started(directory, thread, clock)
    first, second = microphone(recorder), microphone(recorder, "p2")
    clock.advance(2)
    for number, packet in enumerate(tone_packets(5)):
        for tap in (first, second):
            tap.rtp(clock.monotonic_ns(), number, number * 960, packet)
        clock.advance(0.02)
    await asyncio.to_thread(thread.stop)
    return directory


def recovered(directory: Path):
    return recover(directory, FakeClock())


class TestAfterACrash:
    def test_every_file_is_whole_and_described(self, crashed: Path) -> None:
        result = recovered(crashed)
        assert [file.participant_id for file in result.files] == ["p1", "p2"]
        for file in result.files:
            assert 4 < file.duration_seconds <= 5
            assert file.offset_seconds == pytest.approx(2)
            assert not file.complete
            path = crashed / file.name
            assert path.stat().st_size == file.bytes
            opusinfo(path)
            assert len(decoded(path)) == round(file.duration_seconds * 48_000)

    def test_manifest_says_so(self, crashed: Path) -> None:
        result = recovered(crashed)
        manifest = decode((crashed / MANIFEST).read_bytes())
        assert (manifest.state, manifest.ended_by) == ("recovered", "recovered")
        assert manifest.result() == result
        ended = manifest.started_at + timedelta(seconds=result.duration_seconds)
        assert manifest.ended_at == ended
        assert result.duration_seconds >= 6
        assert all(track.segments[0].recovered for track in manifest.tracks)

    def test_again_changes_nothing(self, crashed: Path) -> None:
        first = recovered(crashed)
        before = {path: path.read_bytes() for path in crashed.iterdir()}
        assert recovered(crashed) == first
        assert {path: path.read_bytes() for path in crashed.iterdir()} == before

    def test_a_finished_recording_is_left_alone(self, crashed: Path) -> None:
        recovered(crashed)
        manifest = decode((crashed / MANIFEST).read_bytes())
        manifest.state = "ready"
        (crashed / MANIFEST).write_bytes(manifest.encode())
        (crashed / "001-name-of-p1-audio.ogg").write_bytes(b"changed")
        assert recovered(crashed).files[0].bytes > 7

    def test_a_file_finished_before_the_crash_stays_complete(self, crashed: Path) -> None:
        recovered(crashed)
        manifest = decode((crashed / MANIFEST).read_bytes())
        manifest.state = "recording"
        (crashed / MANIFEST).write_bytes(manifest.encode())
        assert all(file.complete for file in recovered(crashed).files)

    def test_a_pause_ends_with_the_recording(self, crashed: Path) -> None:
        text = (crashed / MANIFEST).read_text()
        open_pause = '"paused": [{"from_ms": 1000, "to_ms": null}]'
        (crashed / MANIFEST).write_text(text.replace('"paused": []', open_pause))
        result = recovered(crashed)
        (paused,) = decode((crashed / MANIFEST).read_bytes()).paused
        assert paused.to_ms == result.duration_seconds * 1000


class TestDamage:
    def test_torn_tails_never_raise(self, crashed: Path, tmp_path: Path) -> None:
        chance = random.Random(3)
        path = crashed / "001-name-of-p1-audio.ogg"
        whole, manifest = path.read_bytes(), (crashed / MANIFEST).read_bytes()
        for _ in range(60):
            path.write_bytes(whole[: chance.randrange(len(whole))])
            (crashed / MANIFEST).write_bytes(manifest)
            result = recovered(crashed)
            assert "p2" in {file.participant_id for file in result.files}

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"schema": "other"}'])
    def test_a_damaged_manifest_is_put_aside_and_rebuilt(
        self, crashed: Path, content: bytes
    ) -> None:
        (crashed / MANIFEST).write_bytes(content)
        result = recovered(crashed)
        assert (crashed / DAMAGED_MANIFEST).read_bytes() == content
        assert [file.label for file in result.files] == ["name-of-p1", "name-of-p2"]
        assert {file.participant_id for file in result.files} == {UNKNOWN}
        manifest = decode((crashed / MANIFEST).read_bytes())
        assert manifest.rebuilt
        assert (manifest.id, manifest.session_id, manifest.meeting_id) == (
            "rec1",
            "sess1",
            "meet1",
        )
        assert [file.offset_seconds for file in result.files] == pytest.approx([2, 2])

    def test_a_lost_manifest_is_rebuilt(self, crashed: Path) -> None:
        (crashed / MANIFEST).unlink()
        assert len(recovered(crashed).files) == 2

    def test_a_file_that_the_manifest_does_not_know_is_adopted(self, crashed: Path) -> None:
        data = (crashed / "001-name-of-p1-audio.ogg").read_bytes()
        (crashed / "001-name-of-p1-audio.2.ogg").write_bytes(data)
        (crashed / "007-cy-screen-audio.ogg").write_bytes(data)
        files = recovered(crashed).files
        assert [(file.participant_id, file.segment) for file in files] == [
            ("p1", 1),
            ("p1", 2),
            ("p2", 1),
            (UNKNOWN, 1),
        ]
        assert files[1].offset_seconds == pytest.approx(2)
        assert files[3].source is TrackSource.SCREEN_AUDIO

    def test_an_adopted_file_without_a_date_counts_from_the_start(self, crashed: Path) -> None:
        data = (crashed / "001-name-of-p1-audio.ogg").read_bytes()
        (crashed / "003-x-audio.ogg").write_bytes(data[:20])
        assert len(recovered(crashed).files) == 2

    def test_a_file_that_is_gone_is_left_out(self, crashed: Path) -> None:
        (crashed / "001-name-of-p1-audio.ogg").unlink()
        assert [file.participant_id for file in recovered(crashed).files] == ["p2"]

    def test_links_and_pipes_are_not_followed(self, crashed: Path, tmp_path: Path) -> None:
        victim = tmp_path / "victim"
        victim.write_bytes(b"precious")
        (crashed / "008-x-audio.ogg").symlink_to(victim)
        os.mkfifo(crashed / "009-x-audio.ogg")
        assert len(recovered(crashed).files) == 2
        assert victim.read_bytes() == b"precious"

    def test_a_missing_directory_is_an_empty_result(self, tmp_path: Path) -> None:
        result = recovered(tmp_path / "none")
        assert result.files == ()
        assert result.failed == "directory_not_readable"

    def test_an_empty_directory_is_an_empty_result(self, tmp_path: Path) -> None:
        assert recovered(tmp_path).files == ()

    def test_a_manifest_that_cannot_be_moved_or_written_is_no_obstacle(
        self, crashed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(directory: RecordingDirectory, name: str, content: object) -> None:
            raise OSError(30, "read-only")

        (crashed / MANIFEST).write_bytes(b"{")
        monkeypatch.setattr(RecordingDirectory, "rename", refuse)
        monkeypatch.setattr(RecordingDirectory, "replace", refuse)
        assert len(recovered(crashed).files) == 2
        assert (crashed / MANIFEST).read_bytes() == b"{"

    @pytest.mark.parametrize("date", ["never", "2026-11-20T09:00:04"])
    def test_a_date_that_means_little_is_no_obstacle(self, crashed: Path, date: str) -> None:
        stream = OpusStream(1, opus_head(channels=1, pre_skip=0), opus_tags("x", {"DATE": date}))
        stream.add(b"\xf8\xff\xfe", 960)
        (crashed / "003-x-audio.ogg").write_bytes(stream.headers() + stream.finish())
        (file,) = (one for one in recovered(crashed).files if one.participant_id == UNKNOWN)
        assert file.offset_seconds == (4 if date.startswith("2026") else 0)

    def test_flipped_bits_anywhere_never_raise(self, crashed: Path) -> None:
        chance = random.Random(6)
        whole = {path: path.read_bytes() for path in crashed.iterdir()}
        for _ in range(150):
            for path, content in whole.items():
                flipped = bytearray(content)
                for _ in range(chance.randrange(4)):
                    flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
                path.write_bytes(flipped)
            assert recovered(crashed).duration_seconds >= 0

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('"started_at": "2026', '"started_at": "9999'),
            ('"duration_ms": ', '"duration_ms": 1e99'),
            ("001-name-of-p1-audio.ogg", "../../../../etc/passwd"),
            ('Z"', '"'),
        ],
    )
    def test_a_manifest_that_says_strange_things_is_survived(
        self, crashed: Path, before: str, after: str
    ) -> None:
        text = (crashed / MANIFEST).read_text()
        assert before in text
        (crashed / MANIFEST).write_text(text.replace(before, after))
        names = {file.name for file in recovered(crashed).files}
        assert names == {"001-name-of-p1-audio.ogg", "002-name-of-p2-audio.ogg"}

    def test_a_recording_that_somebody_writes_is_left_alone(self, crashed: Path) -> None:
        before = {path: path.read_bytes() for path in crashed.iterdir()}
        live = RecordingDirectory(crashed)
        assert live.lock()
        assert recovered(crashed).failed == "recording_in_progress"
        live.close()
        assert {path: path.read_bytes() for path in crashed.iterdir()} == before
        assert recovered(crashed).failed is None


class TestKill:
    @pytest.mark.parametrize(
        ("tracks", "after", "dtx"), [(1, 61, False), (3, 83, True), (2, 107, False)]
    )
    def test_at_most_a_second_is_lost(
        self, tmp_path: Path, tracks: int, after: int, dtx: bool
    ) -> None:
        _ = killed(tmp_path, tracks, after, dtx=dtx)
