from datetime import UTC, datetime
from pathlib import Path

from support.clock import FakeClock

from media.recording.files import RecordingDirectory
from media.recording.manifest import LossBounds, Manifest, TimeBase
from media.recording.relog import describe_from_logs
from media.recording.rtplog import LogHeader

BEGUN = datetime(2026, 11, 20, tzinfo=UTC)


def empty_manifest() -> Manifest:
    return Manifest(
        id="r",
        meeting_id="m",
        session_id="s",
        state="recording",
        started_at=BEGUN,
        time_base=TimeBase(utc=BEGUN, monotonic_ns=0),
        rpo=LossBounds(process_ms=0, power_ms=0),
    )


def test_torn_tails_are_cut_and_damaged_logs_left_out(tmp_path: Path, clock: FakeClock) -> None:
    torn, bad = tmp_path / "001-ana-audio.rtplog", tmp_path / "002-bo-audio.rtplog"
    torn.write_bytes(LogHeader(1, 7, clock.monotonic_ns(), 0).encode() + bytes(24) + b"torn")
    bad.write_bytes(b"no log")
    place = RecordingDirectory(tmp_path)
    describe_from_logs(place, empty_manifest())
    place.close()
    assert torn.stat().st_size == 32 + 24
    assert bad.read_bytes() == b"no log"
