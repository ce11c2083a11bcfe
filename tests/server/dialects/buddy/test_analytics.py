"""Figures: zeros of nothing, and what one failed and one finished bot come to."""

from server.dialects.buddy.analytics import ratio, share, union


def test_of_nothing_there_is_nothing():
    assert (share(0, 0), ratio(1, 0), union([])) == (0.0, 0.0, 0.0)


def test_people_who_speak_at_once_count_once():
    assert union([(0, 2), (1, 3), (5, 6), (5, 5.5)]) == 4


async def test_an_empty_organization_has_zeros(buddy):
    summary = await buddy.call("GET", "/analytics/summary")
    assert {v for k, v in summary.items() if k != "platform_distribution"} == {0}
    trends = await buddy.call("GET", "/analytics/trends?start_date=2025-12-08&end_date=2025-12-09")
    assert [one["period"] for one in trends["data"]] == ["2025-12-08", "2025-12-09"]
    for name in ("duration-distribution", "failure-analysis", "participants"):
        await buddy.call("GET", f"/analytics/{name}")
    stats = await buddy.call("GET", "/analytics/transcription-stats")
    assert (stats["avg_confidence"], stats["sessions_with_transcripts"]) == (0.0, 0)
    speech = await buddy.call("GET", "/analytics/speaker-stats")
    assert speech == {"speakers": [], "total_speaking_seconds": 0, "total_speakers": 0}


async def test_sessions_are_counted(buddy):
    made = await buddy.native(transcription_enabled=False)
    await buddy.met(made["session_id"])
    await buddy.call("DELETE", f"/sessions/{made['session_id']}")
    meet = await buddy.start("https://meet.google.com/abc-defg-hij")
    await buddy.call("DELETE", f"/sessions/{meet['session_id']}")
    (*before, today) = (await buddy.call("GET", "/analytics/trends"))["data"]
    assert len(before) >= 29
    assert {one["session_count"] for one in before} == {0}
    assert (today["period"], today["session_count"]) == ("2026-11-20", 2)
    assert (today["completed_count"], today["failed_count"]) == (1, 1)
    stays = await buddy.call("GET", "/analytics/duration-distribution")
    assert (stays["total"], stays["buckets"][0]["percentage"]) == (1, 100.0)
    met = await buddy.call("GET", "/analytics/participants")
    assert [one["name"] for one in met["top_participants"]] == ["Ada"]
    summary = await buddy.call("GET", "/analytics/summary")
    assert summary["platform_distribution"] == {"roomtone": 1, "meet": 1}
    assert (summary["success_rate"], summary["total_participants_unique"]) == (0.5, 1)
    failed = await buddy.call("GET", "/analytics/failure-analysis")
    assert failed["items"][0]["error_code"] == "PLATFORM_NOT_AVAILABLE"
    kinds = await buddy.call("GET", "/analytics/status-breakdown")
    assert {one["label"]: one["percentage"] for one in kinds["items"]} == {
        "completed": 50.0,
        "failed": 50.0,
    }
    platforms = await buddy.call("GET", "/analytics/platform-breakdown")
    assert (platforms["dimension"], platforms["total"]) == ("platform", 2)
    path = f"/analytics/session-speaker-breakdown/{made['session_id']}"
    assert (await buddy.call("GET", path))["speakers"] == []
    wrong = await buddy.call("GET", "/analytics/trends?granularity=hour", 422)
    assert wrong["error"]["details"] == {"field": "granularity"}


async def test_speech_is_added_up(buddy, talk: str):
    stats = await buddy.call("GET", "/analytics/speaker-stats")
    ada, bo = stats["speakers"]
    assert ada == {
        "speaker": "Ada",
        "total_speaking_seconds": 4.0,
        "total_word_count": 4,
        "segment_count": 2,
        "session_count": 1,
        "avg_words_per_minute": 60.0,
        "avg_confidence": 0.5,
        "longest_monologue_seconds": 3.0,
    }
    assert (bo["speaker"], stats["total_speaking_seconds"]) == ("Bo", 6.0)
    figures = await buddy.call("GET", "/analytics/transcription-stats")
    assert (figures["total_transcript_segments"], figures["total_word_count"]) == (3, 6)
    assert (figures["avg_confidence"], figures["language_distribution"]) == (0.5, {"en": 3})
    assert figures["confidence_distribution"][5] == {"range": "0.5-0.6", "count": 3}
    assert (figures["avg_segments_per_session"], figures["sessions_with_transcripts"]) == (3.0, 1)
    one = await buddy.call("GET", f"/analytics/session-speaker-breakdown/{talk}")
    assert (one["total_duration_seconds"], one["silence_seconds"]) == (60.0, 55.0)
    assert [row["speaking_percentage"] for row in one["speakers"]] == [6.67, 3.33]
