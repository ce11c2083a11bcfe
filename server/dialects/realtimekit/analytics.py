"""Analytics by day: sessions and recordings, days in UTC by their start."""

from datetime import date, datetime, timedelta

from aiohttp import web

from server.dialects.realtimekit.answers import bad, success
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.reading import Body, read_moment
from server.dialects.realtimekit.recordings import all_recordings
from server.dialects.realtimekit.sessions import all_sessions

_DAYS = 30
_LONGEST = 366


async def daywise(call: Call) -> web.Response:
    """`GET /analytics/daywise`."""
    days = _days(call)
    sessions: dict[date, list[float]] = {day: [] for day in days}
    for one in await all_sessions(call):
        at = one.view.session.started_at or one.view.session.created_at
        if at.date() in sessions:
            sessions[at.date()].append(one.tally.minutes)
    recordings: dict[date, list[float]] = {day: [] for day in days}
    for view in await all_recordings(call):
        if view.started_at.date() in recordings:
            recordings[view.started_at.date()].append((view.duration_seconds or 0) / 60)
    return success(
        {"session_stats": _sessions(sessions), "recording_stats": _recordings(recordings)}
    )


def _days(call: Call) -> list[date]:
    end = _day(read_moment(call.query, "end_date")) or call.app.clock.utc().date()
    start = _day(read_moment(call.query, "start_date")) or end - timedelta(days=_DAYS - 1)
    count = (end - start).days + 1
    if count < 1:
        raise bad('"end_date" must not be before "start_date"')
    if count > _LONGEST:
        raise bad(f"at most {_LONGEST} days can be asked for")
    return [start + timedelta(days=number) for number in range(count)]


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.date()


def _sessions(days: dict[date, list[float]]) -> Body:
    return {
        "sessions_count": sum(len(found) for found in days.values()),
        "sessions_minutes_consumed": round(sum(sum(found) for found in days.values()), 4),
        "day_stats": [
            {
                "day": day.isoformat(),
                "total_sessions": len(found),
                "total_session_minutes": round(sum(found), 4),
            }
            for day, found in days.items()
        ],
    }


def _recordings(days: dict[date, list[float]]) -> Body:
    return {
        "recording_count": sum(len(found) for found in days.values()),
        "recording_minutes_consumed": round(sum(sum(found) for found in days.values()), 4),
        "day_stats": [
            {
                "day": day.isoformat(),
                "total_recordings": len(found),
                "total_recording_minutes": round(sum(found)),
            }
            for day, found in days.items()
        ],
    }
