from pathlib import Path

import pytest
from support.clock import FakeClock
from support.recording import spec

from media.errors import RecordingError
from media.recording.files import RecordingDirectory
from media.recording.job import Opened, RecordingJob
from media.recording.manifest import Manifest, Paused, decode
from media.recording.plan import Reason
from media.recording.tap import QueuedTap
from media.recording.track import TrackIdentity
from media.types import TrackSource

VOICE = b"\x78 voice"


class Stage:
    """A job without a thread."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.path, self.clock = path, clock
        self.failures: list[str] = []
        directory = RecordingDirectory(path)
        self.job = RecordingJob(spec(path), directory, clock, 5.0, self.failures.append)
        self.job.write_manifest()

    def open(self, who: str = "p1") -> QueuedTap:
        tap = QueuedTap(self.clock, paused=False)
        identity = TrackIdentity(who, who, TrackSource.MICROPHONE, "c", 1)
        self.job.opened.append(Opened(identity, tap, Reason.RECONNECT))
        return tap

    def serve(self, seconds: float = 0.0) -> bool:
        self.clock.advance(seconds)
        return self.job.service(self.clock.monotonic_ns())

    def finish(self) -> None:
        self.job.finish_ns = self.clock.monotonic_ns()
        assert not self.serve()

    @property
    def manifest(self) -> Manifest:
        return decode((self.path / "manifest.json").read_bytes())


@pytest.fixture
def stage(tmp_path: Path, clock: FakeClock) -> Stage:
    return Stage(tmp_path, clock)


class TestManifest:
    def test_is_there_from_the_start(self, stage: Stage) -> None:
        assert stage.manifest.state == "recording"
        assert stage.manifest.rpo.power_ms == 6000
        stage.finish()

    def test_knows_a_file_as_soon_as_it_exists(self, stage: Stage) -> None:
        tap = stage.open()
        tap.rtp(stage.clock.monotonic_ns(), 1, 1, VOICE)
        assert stage.serve()
        (track,) = stage.manifest.tracks
        assert track.participant_id == "p1"
        assert (stage.path / track.segments[0].file).exists()
        tap.close()
        stage.finish()

    def test_is_written_again_every_ten_seconds(self, stage: Stage) -> None:
        stage.serve(0.1)
        before = stage.manifest.duration_ms
        stage.serve(9.8)
        assert stage.manifest.duration_ms == before
        stage.serve(0.1)
        assert stage.manifest.duration_ms == pytest.approx(10_000)
        stage.finish()

    def test_follows_a_pause(self, stage: Stage) -> None:
        stage.serve(1)
        stage.job.paused.append(Paused(from_ms=1000))
        stage.serve()
        assert stage.manifest.state == "paused"
        stage.job.paused[0].to_ms = 1500.0
        stage.serve(0.5)
        assert stage.manifest.state == "recording"
        stage.finish()

    def test_that_cannot_be_written_ends_nothing(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(name: str, content: bytes) -> None:
            raise OSError(28, "full")

        monkeypatch.setattr(stage.job._directory, "replace", refuse)
        assert stage.serve(20)
        monkeypatch.undo()
        assert stage.serve(9)
        assert stage.manifest.duration_ms == 0  # a full disk is not asked ten times a second
        assert stage.serve(1)
        assert stage.manifest.duration_ms == pytest.approx(30_000)
        stage.finish()


class TestEnd:
    def test_gives_the_result(self, stage: Stage) -> None:
        stage.serve(2)
        stage.finish()
        result = stage.job.done.result()
        assert (result.recording_id, result.duration_seconds, result.files) == ("rec1", 2, ())
        assert stage.manifest.state == "ready"

    def test_of_a_failed_one_keeps_the_first_code(self, stage: Stage) -> None:
        stage.job._note_failure("disk_full")
        stage.job._note_failure("write_error")
        stage.finish()
        assert stage.failures == ["disk_full"]
        assert stage.job.done.result().failed == "disk_full"
        assert (stage.manifest.state, stage.manifest.reason) == ("failed", "disk_full")

    def test_abandoned_leaves_files_to_recovery(self, stage: Stage) -> None:
        tap = stage.open()
        tap.rtp(stage.clock.monotonic_ns(), 1, 1, VOICE)
        stage.serve()
        stage.job.abandon("because")
        stage.job.done.exception()
        with pytest.raises(RecordingError, match="because"):
            stage.job.done.result()
        assert stage.manifest.state == "recording"

    def test_tracks_are_numbered_by_their_first_file(self, stage: Stage) -> None:
        silent, second = stage.open("silent"), stage.open("p2")
        second.rtp(stage.clock.monotonic_ns(), 1, 1, VOICE)
        stage.serve(1)
        again = stage.open("p2")
        again.rtp(stage.clock.monotonic_ns(), 1, 1, VOICE)
        stage.serve(1)
        for tap in (silent, second, again):
            tap.close()
        stage.finish()
        names = [file.name for file in stage.job.done.result().files]
        assert names == ["001-p2-audio.ogg", "001-p2-audio.2.ogg"]
