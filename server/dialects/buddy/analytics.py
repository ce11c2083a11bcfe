"""Figures about bots; the database adds them up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aiohttp import web

from server.dialects.buddy.call import Call
from server.dialects.buddy.errors import invalid
from server.dialects.buddy.ids import session_id
from server.dialects.buddy.objects import Json, analytics_platform
from server.dialects.buddy.times import periods
from server.storage.port import Row

_BUCKETS: Final = (
    ("0-5 min", 0, 300),
    ("5-15 min", 300, 900),
    ("15-30 min", 900, 1800),
    ("30-60 min", 1800, 3600),
    ("60+ min", 3600, 86_400),
)
_TOP: Final = 10


def share(part: float, whole: float) -> float:
    """A percentage; 0.0 of nothing."""
    return round(100 * part / whole, 2) if whole else 0.0


def ratio(part: float, whole: float) -> float:
    """A part of one; 0.0 of nothing."""
    return round(part / whole, 4) if whole else 0.0


async def summary(call: Call) -> web.Response:
    """Route 22."""
    store, query, now = call.app.storage, call.range(), call.app.clock.utc()
    row = await store.count_bots(query)
    people, _ = await store.bot_people_figures(query, 0)
    platforms = await store.group_bots(query, "platform")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = await store.count_bots(call.query(since=midnight))
    week = await store.count_bots(call.query(since=now - timedelta(days=7)))
    ended = row["completed"] + row["failed"]
    return web.json_response(
        {
            "total_sessions": row["total"],
            "active_sessions": row["active"],
            "completed_sessions": row["completed"],
            "failed_sessions": row["failed"],
            "total_duration_hours": round(row["seconds"] / 3600, 4),
            "avg_duration_minutes": round(ratio(row["seconds"], row["measured"]) / 60, 2),
            "total_participants_unique": people["unique"],
            "platform_distribution": {
                analytics_platform(one["label"]): one["count"] for one in platforms
            },
            "success_rate": ratio(row["completed"], ended),
            "sessions_today": today["total"],
            "sessions_this_week": week["total"],
            "transcription_enabled_rate": ratio(row["transcribe"], row["total"]),
        }
    )


async def trends(call: Call) -> web.Response:
    """Route 23."""
    granularity = call.text("granularity") or "day"
    if granularity not in ("day", "week", "month"):
        raise invalid("granularity", "granularity must be day, week or month")
    query = call.range()
    assert query.since is not None  # noqa: S101  (a range has both)
    assert query.until is not None  # noqa: S101
    rows = await call.app.storage.group_bots(query, granularity)
    known = {row["label"]: row for row in rows}
    labels = periods(query.since, query.until, granularity)
    data = [_point(label, known.get(label)) for label in labels]
    return web.json_response({"granularity": granularity, "data": data})


def _point(label: str, row: Row | None) -> Json:
    seconds, measured = (row["seconds"], row["measured"]) if row else (0.0, 0)
    return {
        "period": label,
        "session_count": row["count"] if row else 0,
        "completed_count": row["completed"] if row else 0,
        "failed_count": row["failed"] if row else 0,
        "total_duration_hours": round(seconds / 3600, 4),
        "avg_duration_minutes": round(ratio(seconds, measured) / 60, 2),
    }


async def platforms(call: Call) -> web.Response:
    """Route 24, platforms."""
    rows = await call.app.storage.group_bots(call.range(), "platform")
    return _breakdown(
        "platform", [(analytics_platform(one["label"]), one["count"]) for one in rows]
    )


async def statuses(call: Call) -> web.Response:
    """Route 24, statuses."""
    rows = await call.app.storage.group_bots(call.range(), "status")
    return _breakdown("status", [(one["label"], one["count"]) for one in rows])


def _breakdown(dimension: str, counts: Sequence[tuple[str, int]]) -> web.Response:
    total = sum(count for _, count in counts)
    items = [
        {"label": label, "count": count, "percentage": share(count, total)}
        for label, count in counts
    ]
    return web.json_response({"dimension": dimension, "total": total, "items": items})


async def durations(call: Call) -> web.Response:
    """Route 25."""
    edges = [float(low) for _, low, _ in _BUCKETS]
    counts = await call.app.storage.bot_durations(call.range(), edges)
    total = sum(counts)
    buckets = [
        {
            "label": label,
            "min_seconds": low,
            "max_seconds": high,
            "count": count,
            "percentage": share(count, total),
        }
        for (label, low, high), count in zip(_BUCKETS, counts, strict=True)
    ]
    return web.json_response({"total": total, "buckets": buckets})


async def failures(call: Call) -> web.Response:
    """Route 26."""
    query = call.range()
    row = await call.app.storage.count_bots(query)
    causes = await call.app.storage.group_bots(query, "failure")
    items = [
        {
            "error_code": one["error_code"],
            "error_message": one["error_message"],
            "count": one["count"],
            "percentage": share(one["count"], row["failed"]),
        }
        for one in causes
    ]
    rate = ratio(row["failed"], row["total"])
    return web.json_response({"total_failed": row["failed"], "failure_rate": rate, "items": items})


async def people(call: Call) -> web.Response:
    """Route 27."""
    limit = call.number("limit", _TOP, 1, 100)
    sums, top = await call.app.storage.bot_people_figures(call.range(), limit)
    return web.json_response(
        {
            "total_unique_participants": sums["unique"],
            "avg_participants_per_session": round(ratio(sums["stays"], sums["sessions"]), 2),
            "max_participants_in_session": sums["most"],
            "top_participants": [
                {
                    "name": one["name"],
                    "session_count": one["sessions"],
                    "total_duration_seconds": round(one["seconds"], 3),
                }
                for one in top
            ],
            "sessions_with_participants": sums["sessions"],
        }
    )


async def transcription(call: Call) -> web.Response:
    """Route 28, transcription."""
    query = call.range()
    await call.app.sessions.settle()
    rows = await call.app.storage.bot_speech(query)
    languages, tenths = await call.app.storage.bot_speech_spread(query)
    with_text = await call.app.storage.bots_with_speech(query)
    segments = sum(row["segments"] for row in rows)
    sure = {int(row["tenth"]): row["count"] for row in tenths}
    weighed = sum((row["confidence"] or 0.0) * row["segments"] for row in rows)
    return web.json_response(
        {
            "total_transcript_segments": segments,
            "total_word_count": sum(row["words"] for row in rows),
            "avg_confidence": ratio(weighed, segments),
            "confidence_distribution": [
                {"range": f"{n / 10:.1f}-{(n + 1) / 10:.1f}", "count": sure.get(n, 0)}
                for n in range(10)
            ],
            "language_distribution": {one["language"]: one["count"] for one in languages},
            "avg_segments_per_session": round(ratio(segments, with_text), 2),
            "sessions_with_transcripts": with_text,
            "speaker_distribution": [
                {
                    "speaker": row["speaker"],
                    "segment_count": row["segments"],
                    "total_words": row["words"],
                }
                for row in rows
            ],
        }
    )


async def speakers(call: Call) -> web.Response:
    """Route 28, speakers."""
    await call.app.sessions.settle()
    rows = await call.app.storage.bot_speech(call.range())
    found = [
        {
            "speaker": row["speaker"],
            "total_speaking_seconds": round(row["seconds"], 3),
            "total_word_count": row["words"],
            "segment_count": row["segments"],
            "session_count": row["sessions"],
            "avg_words_per_minute": round(ratio(row["words"] * 60, row["seconds"]), 2),
            "avg_confidence": round(row["confidence"] or 0.0, 4),
            "longest_monologue_seconds": round(row["longest"], 3),
        }
        for row in rows
    ]
    total = round(sum(row["seconds"] for row in rows), 3)
    return web.json_response(
        {"speakers": found, "total_speaking_seconds": total, "total_speakers": len(found)}
    )


async def breakdown(call: Call) -> web.Response:
    """Route 29."""
    bot = await call.bot()
    await call.app.sessions.settle()
    rows = await call.app.storage.bot_speech(call.query(), bot.id)
    now = call.app.clock.utc()
    begun = bot.joined_at
    running = 0.0 if begun is None else (now - begun).total_seconds()
    total = bot.duration_seconds if bot.duration_seconds is not None else running
    said = await call.app.bots.work.transcript(bot)
    silence = max(0.0, total - union([(one.start, min(one.end, total)) for one in said]))
    return web.json_response(
        {
            "session_id": session_id(bot.id),
            "total_duration_seconds": round(total, 3),
            "speakers": [
                {
                    "speaker": row["speaker"],
                    "speaking_seconds": round(row["seconds"], 3),
                    "speaking_percentage": share(row["seconds"], total),
                    "word_count": row["words"],
                    "segment_count": row["segments"],
                    "avg_confidence": round(row["confidence"] or 0.0, 4),
                    "words_per_minute": round(ratio(row["words"] * 60, row["seconds"]), 2),
                }
                for row in rows
            ],
            "silence_seconds": round(silence, 3),
            "silence_percentage": share(silence, total),
        }
    )


def union(spans: Sequence[tuple[float, float]]) -> float:
    """Seconds that any of the spans covers; people who speak at once count once."""
    covered, reached = 0.0, 0.0
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
