from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import RecordingError
from media.recording.manifest import (
    LossBounds,
    Manifest,
    Segment,
    TimeBase,
    TrackEntry,
    decode,
)
from media.types import MediaKind, TrackSource

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def segment(number: int, sha256: str | None = "ab") -> Segment:
    return Segment(
        file=f"001-ana-audio.{number}.ogg",
        number=number,
        pre_skip=312,
        reason="start",
        first_sample_time=NOON,
        offset_ms=1500,
        duration_ms=2500,
        bytes=99,
        sha256=sha256,
        complete=True,
    )


def manifest(**changed: object) -> Manifest:
    track = TrackEntry(
        number=1,
        participant_id="p1",
        name="Ana",
        label=TrackSource.MICROPHONE,
        segments=[segment(1), segment(2, None)],
    )
    fields = {
        "id": "rec1",
        "meeting_id": "m",
        "session_id": "s",
        "state": "ready",
        "started_at": NOON,
        "duration_ms": 4000.0,
        "time_base": TimeBase(utc=NOON, monotonic_ns=5),
        "rpo": LossBounds(process_ms=1000, power_ms=6000),
        "tracks": [track],
    }
    return Manifest(**(fields | changed))


class TestDocument:
    def test_is_read_as_it_was_written(self) -> None:
        assert decode(manifest().encode()) == manifest()

    def test_names_its_schema(self) -> None:
        assert b'"schema": "roomtone.recording/1"' in manifest().encode()

    def test_fields_of_a_later_version_are_passed_over(self) -> None:
        data = manifest().encode().replace(b'"id"', b'"later": 1, "id"', 1)
        assert decode(data) == manifest()

    @given(st.binary(max_size=200))
    def test_anything_else_is_one_error(self, data: bytes) -> None:
        with pytest.raises(RecordingError) as caught:
            decode(data)
        assert caught.value.code == "manifest_damaged"


class TestResult:
    def test_lists_files_that_hold_something(self) -> None:
        result = manifest().result()
        (file,) = result.files
        assert (file.name, file.participant_id, file.label) == (
            "001-ana-audio.1.ogg",
            "p1",
            "Ana",
        )
        assert (file.offset_seconds, file.duration_seconds) == (1.5, 2.5)
        assert (file.kind, file.content_type) == (MediaKind.AUDIO, "audio/ogg; codecs=opus")
        assert (result.duration_seconds, result.failed) == (4, None)

    def test_carries_why_it_failed(self) -> None:
        assert manifest(state="failed", reason="disk_full").result().failed == "disk_full"
