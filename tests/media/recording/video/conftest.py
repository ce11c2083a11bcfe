"""A clock that stands still, and a recording of pictures that is served by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.film import STREAM, Camera
from support.recording import spec

from media.recording.files import RecordingDirectory
from media.recording.job import Opened, OpenedVideo, RecordingJob
from media.recording.manifest import Manifest, Segment, decode
from media.recording.plan import Reason as SoundReason
from media.recording.tap import QueuedTap
from media.recording.track import TrackIdentity
from media.recording.video.plan import Reason
from media.recording.video.tap import QueuedVideoTap
from media.types import TrackSource
from media.video import VideoStream


@dataclass
class Studio:
    """One recording whose writer runs when it is told to."""

    directory: Path
    clock: FakeClock
    fsync_seconds: float = 5.0
    failures: list[str] = field(default_factory=list)
    taps: list[QueuedVideoTap | QueuedTap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.job = RecordingJob(
            replace(spec(self.directory), media="audio_video"),
            RecordingDirectory(self.directory),
            self.clock,
            self.fsync_seconds,
            self.failures.append,
        )
        self.job.write_manifest()

    def camera(
        self,
        stream: VideoStream = STREAM,
        source: TrackSource = TrackSource.CAMERA,
        reason: Reason = Reason.START,
        connection: str = "c1",
    ) -> Camera:
        tap = QueuedVideoTap(self.clock, paused=False)
        self.taps.append(tap)
        identity = TrackIdentity("p1", "Ana", source, connection, stream.ssrc)
        self.job.opened.append(OpenedVideo(identity, stream, tap, reason))
        return Camera(tap, self.clock, stream)

    def microphone(self, connection: str = "c1") -> QueuedTap:
        tap = QueuedTap(self.clock, paused=False)
        self.taps.append(tap)
        identity = TrackIdentity("p1", "Ana", TrackSource.MICROPHONE, connection, 5)
        self.job.opened.append(Opened(identity, tap, SoundReason.START))
        return tap

    def serve(self) -> bool:
        return self.job.service(self.clock.monotonic_ns())

    def stop(self) -> Manifest:
        for tap in self.taps:
            tap.close()
        self.job.finish_ns = self.clock.monotonic_ns()
        while self.serve():
            pass
        return self.manifest()

    def manifest(self) -> Manifest:
        return decode((self.directory / "manifest.json").read_bytes())

    def segments(self) -> list[Segment]:
        """Of every kept file of pictures."""
        tracks = self.manifest().tracks
        return [one for track in tracks for one in track.segments if one.frames is not None]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def studio(tmp_path: Path, clock: FakeClock) -> Studio:
    return Studio(tmp_path, clock)


@pytest.fixture
def make_studio(tmp_path: Path, clock: FakeClock) -> Callable[[float], Studio]:
    return lambda fsync_seconds: Studio(tmp_path, clock, fsync_seconds)
