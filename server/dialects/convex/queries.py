"""The module's queries: who is connected, and what waits for the caller."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

from server.dialects.convex.access import require_meeting
from server.dialects.convex.context import Context
from server.dialects.convex.documents import active_sessions
from server.dialects.convex.ids import Table, parse_id
from server.dialects.convex.topics import rows_of, signals_for, user_behind
from server.dialects.convex.values import Value, Written
from server.records import User
from signaling.model import Participant

MAX_PAGE: Final = 1000


async def get_active_sessions(context: Context, arguments: Mapping[str, Value]) -> Value:
    """The meeting's connections that are connecting, connected or disconnected."""
    return await _rows(context, meeting_of(arguments))


async def get_active_sessions_page(context: Context, arguments: Mapping[str, Value]) -> Value:
    """The same rows in creation order, page by page.

    A cursor names the last row of its page by creation, so that it stays good whatever comes or
    goes; one that cannot be read begins again instead of failing.
    """
    rows = await _rows(context, meeting_of(arguments))
    ordered = sorted(cast("Sequence[Mapping[str, Value]]", rows), key=lambda row: str(row["_id"]))
    options = cast("Mapping[str, Value]", arguments["paginationOpts"])
    after = _read_cursor(options.get("cursor"))
    until = _read_cursor(options.get("endCursor"))
    left = [row for row in ordered if after is None or str(row["_id"]) > after]
    if until is not None:
        page = [row for row in left if str(row["_id"]) <= until]
        last = str(options["endCursor"])
        return {"continueCursor": last, "isDone": until == _PAST_ALL, "page": page}
    wanted = options["numItems"]
    limit = int(min(max(wanted, 1.0), MAX_PAGE)) if isinstance(wanted, float) else MAX_PAGE
    page = left[:limit]
    done = len(left) <= limit
    cursor = _PAST_ALL if done or not page else str(page[-1]["_id"])
    return {"continueCursor": _write_cursor(cursor), "isDone": done, "page": page}


async def get_pending_signals(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Signals that wait for the caller, oldest first."""
    visit = await require_meeting(context, meeting_of(arguments))
    context.reads.add(signals_for(visit.meeting.id, visit.user))
    session = arguments.get("sessionId")
    after = arguments.get("lastSignalId")
    signals = context.deployment.signals.waiting(
        visit.meeting.id,
        visit.user,
        context.deployment.now_ms,
        session=None if session is None else str(session),
        after=None if after is None else parse_id(str(after), Table.WEBRTC_SIGNALS),
    )
    return [signal.document() for signal in signals]


def meeting_of(arguments: Mapping[str, Value]) -> str:
    """The canonical id of the meeting that a call is about; the validator has seen it."""
    return parse_id(str(arguments["meetingId"]), Table.MEETINGS) or ""


async def _rows(context: Context, meeting_id: str) -> Written:
    visit = await require_meeting(context, meeting_id)
    deployment, meeting_id = context.deployment, visit.meeting.id
    context.reads.add(rows_of(meeting_id))
    known = deployment.rows(meeting_id)
    if known is not None:
        context.reads |= known.reads
        return known
    connections = context.app.tracker.connections(meeting_id)
    subs = {who.user_id for _, who in connections if who.user_id is not None}
    reads = frozenset(user_behind(sub) for sub in subs)
    context.reads |= reads
    changes = deployment.topics.changes
    users = await _users_of(context, [participant for _, participant in connections])
    rows = Written(active_sessions(connections, users), reads)
    deployment.keep_rows(meeting_id, rows, changes)
    return rows


async def _users_of(context: Context, participants: Sequence[Participant]) -> Mapping[str, User]:
    """The users behind participants, by `sub`."""
    app = context.app
    users: dict[str, User] = {}
    for sub in {participant.user_id for participant in participants}:
        if sub is not None:
            users[sub] = await app.users.by_sub(sub) or await app.users.ensure(sub)
    return users


_PAST_ALL: Final = "~"  # sorts after every id


def _write_cursor(last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([last]).encode()).decode()


def _read_cursor(cursor: Value) -> str | None:
    if not isinstance(cursor, str):
        return None
    try:
        parsed = json.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError, RecursionError):
        return None
    match parsed:
        case [str(last)]:
            return last
        case _:
            return None
