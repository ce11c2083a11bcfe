from datetime import UTC, datetime, timedelta

import pytest
from support.clock import FakeClock

from media.recording.adopt import UNKNOWN, begun_of, enter
from media.recording.manifest import LossBounds, Manifest, Segment, TimeBase, TrackEntry
from media.types import TrackSource

EPOCH = datetime.fromtimestamp(0, UTC)


@pytest.fixture
def manifest(clock: FakeClock) -> Manifest:
    return Manifest(
        id="r",
        meeting_id="m",
        session_id="s",
        state="recording",
        started_at=clock.utc(),
        time_base=TimeBase(utc=clock.utc(), monotonic_ns=0),
        rpo=LossBounds(process_ms=0, power_ms=0),
    )


def segment(number: int, begun: datetime) -> Segment:
    return Segment(
        file=f"{number}.ogg",
        number=number,
        channels=1,
        pre_skip=0,
        reason="adopted",
        first_sample_time=begun,
        offset_ms=0.0,
    )


def track(number: int, name: str = "ana") -> TrackEntry:
    return TrackEntry(
        number=number, participant_id=UNKNOWN, name=name, label=TrackSource.MICROPHONE
    )


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"DATE": "1970-01-01T01:00:00+01:00"}, EPOCH),
        ({"DATE": "1970-01-01T00:00:07"}, EPOCH + timedelta(seconds=7)),
        ({"DATE": "yesterday"}, EPOCH),
        ({}, EPOCH),
    ],
)
def test_a_file_says_when_it_began(tags, expected):
    assert begun_of(tags) == expected


def test_a_file_gets_its_place_in_time_and_a_track(manifest, clock):
    enter(manifest, segment(1, clock.utc() + timedelta(seconds=2)), track(3))
    (one,) = manifest.tracks
    assert (one.number, one.segments[0].offset_ms) == (3, 2000)


def test_a_file_from_before_the_recording_lies_at_its_start(manifest):
    enter(manifest, segment(1, EPOCH), track(3))
    assert manifest.tracks[0].segments[0].offset_ms == 0


def test_files_of_a_known_track_go_to_it_in_order(manifest, clock):
    for number in (2, 3, 1):
        enter(manifest, segment(number, clock.utc()), track(3, name=f"name{number}"))
    (one,) = manifest.tracks
    assert one.name == "name2"
    assert [each.number for each in one.segments] == [1, 2, 3]
