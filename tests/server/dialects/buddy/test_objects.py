"""Two of one name are told apart, and labels win."""

from datetime import UTC, datetime

from server.dialects.buddy import objects
from server.records import TranscriptSegment

AT = datetime(2025, 12, 11, 10, tzinfo=UTC)


def said(participant: str, name: str, start: float) -> TranscriptSegment:
    return TranscriptSegment(
        id="0197b1a0-0000-7000-8000-000000000001",
        session_id="s",
        recording_id=None,
        participant_id=participant,
        connection_id="c",
        name=name,
        start=start,
        end=start + 1,
        text="hello",
        words=[],
        language="en",
        engine="null",
        confidence=None,
        created_at=AT,
    )


def test_speakers_have_keys_names_and_labels():
    segments = [said("a", "Ann", 0), said("b", "Ann", 1), said("a", "Anna", 2)]
    speakers = objects.Speakers(segments, {"1": "Phillip"})
    assert [speakers.key(one) for one in segments] == ["0", "1", "0"]
    assert [speakers.raw(one) for one in segments] == ["Ann", "Ann (2)", "Anna"]
    assert [speakers.shown(one) for one in segments] == ["Ann", "Phillip", "Anna"]
    assert objects.segment(segments[1], speakers)["speaker"] == "Ann (2)"
    assert objects.Speakers([], None)._labels == {}


def test_one_platform_has_another_name_in_figures():
    assert objects.analytics_platform("google_meet") == "meet"
    assert objects.analytics_platform("zoom") == "zoom"
