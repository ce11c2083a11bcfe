"""Sessions: list, read, their participants."""

import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from server.dialects.realtimekit.answers import bad, not_found, success, time_text
from server.dialects.realtimekit.kit import Call, combined
from server.dialects.realtimekit.meetings import title_of
from server.dialects.realtimekit.people import peer_events, person, preset_of, view_types
from server.dialects.realtimekit.reading import (
    Body,
    is_true,
    matches,
    newest_first,
    read_paging,
    within,
)
from server.dialects.realtimekit.tally import Row, Tally, rows_of, tally
from server.records import Extra
from server.services.sessions import view_of
from server.services.views import SessionView
from server.storage.port import SessionQuery
from signaling.model import SessionState

_CHUNK = 500
_RANGE = re.compile(r"(\d{0,9}):(\d{0,9})")


@dataclass(frozen=True, slots=True)
class Counted:
    """A session with its tally and its meeting's title."""

    view: SessionView
    tally: Tally
    title: str


def document(call: Call, view: SessionView, counted: Tally, title: str) -> Body:
    """A session as the dialect shows it."""
    session = view.session
    ended = session.state is SessionState.ENDED
    started = session.started_at or session.created_at
    changes = [session.created_at, started, session.ended_at or started]
    changes += [
        one for row in counted.rows for one in (row.joined_at, row.left_at or row.joined_at)
    ]
    shown: dict[str, object] = {
        "id": session.id,
        "associated_id": session.meeting_id,
        "meeting_display_name": title,
        "type": "meeting",
        "status": "ENDED" if ended else "LIVE",
        "live_participants": 0 if ended else counted.live,
        "max_concurrent_participants": counted.most,
        "minutes_consumed": counted.minutes,
        "organization_id": call.ref.id,
        "started_at": time_text(started),
        "created_at": time_text(session.created_at),
        "updated_at": time_text(max(changes)),
        "breakout_rooms": [],
        "meta": {},
    }
    if ended:
        shown["ended_at"] = time_text(session.ended_at)
    return shown


async def listing(call: Call) -> web.Response:
    """`GET /sessions`."""
    paging, people = read_paging(call.query), _people_range(call.query.get("participants", ""))
    found = [
        one
        for one in await all_sessions(call)
        if _wanted(one, call) and people[0] <= one.tally.most <= people[1]
    ]
    if call.query.get("sort_by") == "minutesConsumed":
        found.sort(key=lambda one: one.tally.minutes, reverse=newest_first(call.query))
    elif not newest_first(call.query):
        found.reverse()
    page, offsets = paging.cut(found)
    rows = [document(call, one.view, one.tally, one.title) for one in page]
    return success({"sessions": rows}, paging=offsets)


async def all_sessions(call: Call, meeting_id: str | None = None) -> list[Counted]:
    """Every session of the app, counted, newest first."""
    await call.app.sessions.settle()
    now, found = call.app.clock.utc(), list[Counted]()
    live = _live_sessions(call, meeting_id)
    titles: dict[str, str] = {}
    before: str | None = None
    while True:
        query = SessionQuery(call.ref.account, _CHUNK, before, meeting_id=meeting_id)
        page = await call.app.storage.list_sessions(query)
        for stored in page:
            view = view_of(stored)
            running = live.pop(view.session.id, None)
            if running is not None:
                view = combined(view, running)
            found.append(await _counted(call, view, now, titles))
        if len(page) < _CHUNK:
            break
        before = page[-1].session.id
    early = [await _counted(call, view, now, titles) for view in live.values()]
    return sorted([*early, *found], key=lambda one: one.view.session.id, reverse=True)


def _live_sessions(call: Call, meeting_id: str | None) -> dict[str, SessionView]:
    """What memory knows of the app's sessions that have not ended."""
    return {
        view.session.id: view
        for view in call.app.tracker.live_sessions(call.ref.account)
        if view.session.state is not SessionState.PENDING
        and meeting_id in (None, view.session.meeting_id)
    }


async def _counted(call: Call, view: SessionView, now: datetime, titles: dict[str, str]) -> Counted:
    of = view.session.meeting_id
    if of not in titles:
        titles[of] = await session_title(call, view)
    return Counted(view, tally(view, now), titles[of])


async def session_title(call: Call, view: SessionView) -> str:
    """The title of a session's meeting; empty when it has none or is deleted."""
    meeting = await call.meeting_or_none(view.session.meeting_id)
    if meeting is None:
        return ""
    extra = await call.app.storage.find_record(Extra, meeting.id)
    return title_of(meeting, extra.data if extra else {})


def _wanted(one: Counted, call: Call) -> bool:
    session, query = one.view.session, call.query
    status = "ENDED" if session.state is SessionState.ENDED else "LIVE"
    at = session.started_at or session.created_at
    return (
        query.get("associated_id", "") in ("", session.meeting_id)
        and query.get("status", "") in ("", status)
        and within(at, query)
        and matches(query, one.title, session.meeting_id, session.id)
    )


def _people_range(text: str) -> tuple[float, float]:
    """`participants=min:max`, each may be missing."""
    if not text:
        return 0, float("inf")
    found = _RANGE.fullmatch(text)
    if found is None:
        raise bad('"participants" must be of the form min:max')
    low, high = found.groups()
    return int(low or 0), int(high) if high else float("inf")


async def get(call: Call) -> web.Response:
    """`GET /sessions/{session}`: flat, and under `session` for the first client release."""
    view = await call.session()
    counted = tally(view, call.app.clock.utc())
    flat = document(call, view, counted, await session_title(call, view))
    return success({**flat, "session": flat})


async def participants(call: Call) -> web.Response:
    """`GET /sessions/{session}/participants`: one row for each connection."""
    view = await call.session()
    rows = rows_of(view, call.app.clock.utc())
    shown = [(row, person(row, await preset_of(call, row))) for row in rows]
    found = [
        one
        for one in shown
        if matches(
            call.query,
            str(one[1]["user_id"]),
            str(one[1]["custom_participant_id"]),
            row_name(one[0]),
        )
    ]
    by_duration = call.query.get("sort_by") == "duration"
    found.sort(
        key=lambda one: one[0].minutes if by_duration else one[0].joined_at.timestamp(),
        reverse=call.query.get("sort_order", "ASC").upper() == "DESC",
    )
    page, offsets = read_paging(call.query).cut(found)
    data = [await with_events(call, row, one) for row, one in page]
    return success({"participants": data, "paging": offsets}, paging=offsets)


async def participant(call: Call) -> web.Response:
    """`GET /sessions/{session}/participants/{participant}`: by connection or by participant."""
    view, wanted = await call.session(), call.part("participant")
    rows = rows_of(view, call.app.clock.utc())
    for row in rows:
        if row.connection.id == wanted:
            break
    else:
        mine = [row for row in rows if person(row, "")["user_id"] == wanted]
        if not mine:
            not_found("participant", wanted)
        row = mine[-1]
    shown = person(row, await preset_of(call, row))
    return success({"participant": await with_events(call, row, shown)})


def row_name(row: Row) -> str:
    """The name of a row's participant."""
    return row.participant.name


async def with_events(call: Call, row: Row, shown: Body) -> Body:
    """A row with its events, where they are asked for."""
    if not is_true(call.query, "include_peer_events"):
        return shown
    return {**shown, "peer_events": peer_events(row, await view_types(call, row))}
