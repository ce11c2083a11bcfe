"""Routes of sessions: the live one of a meeting, lists, history, participants, events."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from server.api import shapes, views
from server.api.follow import EVENTS_CONTENT, LAST_EVENT_ID, Log, follow
from server.api.policy import canonical_id, demand, meeting_for, member_of, rights
from server.auth.principal import PrincipalKind
from server.http import sse
from server.http.call import Call
from server.http.problem import Problem
from server.http.registry import Content, Registry
from server.records import LogEntryView
from server.services.views import SessionView
from signaling.log import SessionDiscarded
from signaling.model import SessionState

routes = Registry()
_TAG = "Sessions"
_NOT_FOUND = {404: ("session_not_found",)}
_PATH = "/v1/sessions/{session_id}"
_STORED_PAGE = 500  # facts read from storage at a time while a stream catches up


@routes.route(
    "GET",
    "/v1/meetings/{meeting}/session",
    tag=_TAG,
    answer=shapes.Session,
    problems={404: ("meeting_not_found", "no_active_session")},
)
async def get_live_session(call: Call, meeting: str) -> shapes.Session:
    """See who is in a meeting now.

    Failed and closed connections stay in the list with their reason until the session ends.
    """
    found = await meeting_for(call, meeting, "read")
    live = call.app.sessions.live(found.id)
    if live is None:
        raise views.no_active_session()
    return views.session(live)


@routes.route(
    "GET",
    "/v1/sessions",
    tag=_TAG,
    answer=shapes.SessionPage,
    problems={403: ("forbidden",), 404: ("meeting_not_found",), 422: ("invalid_request",)},
)
async def list_sessions(call: Call, query: shapes.SessionQuery) -> shapes.SessionPage:
    """List sessions, live and past.

    With a join token `meeting` must name the token's meeting.
    """
    meeting, member = query.meeting, None
    if call.principal.kind is PrincipalKind.JOIN and meeting is not None:
        meeting = (await meeting_for(call, meeting, "read")).id
    else:
        member = member_of(call.principal)
        meeting = await canonical_id(call, meeting)
    page = await call.app.sessions.page(
        account=call.principal.account,
        state=query.state,
        meeting=meeting,
        cursor=query.cursor,
        limit=query.limit,
        member=member,
    )
    return shapes.SessionPage(
        items=[views.session(view) for view in page.items], next_cursor=page.next_cursor
    )


@routes.route("GET", _PATH, tag=_TAG, answer=shapes.Session, problems=_NOT_FOUND)
async def get_session(call: Call, session_id: str) -> shapes.Session:
    """Get a session, live or past, with everybody who is or was in it."""
    return views.session(await session_for(call, session_id, "read"))


@routes.route(
    "GET", _PATH + "/participants", tag=_TAG, answer=shapes.ParticipantList, problems=_NOT_FOUND
)
async def list_participants(call: Call, session_id: str) -> shapes.ParticipantList:
    """List a session's participants with their connections."""
    view = await session_for(call, session_id, "read")
    return shapes.ParticipantList(items=[views.participant(who) for who in view.participants])


@routes.route(
    "GET",
    _PATH + "/events",
    tag=_TAG,
    answer=shapes.EventPage,
    contents={200: EVENTS_CONTENT, 204: Content("The session ended; nothing is left to stream.")},
    headers=(LAST_EVENT_ID,),
    problems={403: ("forbidden",), **_NOT_FOUND},
)
async def list_session_events(
    call: Call, session_id: str, query: shapes.EventQuery
) -> shapes.EventPage | web.StreamResponse:
    """Read a session's log, or follow it.

    As JSON: a page of facts after `after`. With `Accept: text/event-stream`: first everything
    after `Last-Event-ID` (or `after`), then each fact as it happens; the id of an event is its
    `sequence`. The stream of an ended session ends.
    """
    view = await session_for(call, session_id, "moderate")
    sessions = call.app.sessions
    if not sse.wanted(call.request):
        entries = await sessions.events(session_id, after=query.after, limit=query.limit)
        return shapes.EventPage(
            items=[views.event(entry) for entry in entries],
            next_after=entries[-1].sequence if entries else query.after,
        )
    last = sse.last_event_id(call.request)
    after = query.after if last is None else last
    if view.session.state is SessionState.ENDED and not await sessions.events(
        session_id, after=after, limit=1
    ):
        return web.Response(status=204)  # tells an EventSource not to come back
    log = Log(
        subscribe=lambda: sessions.subscribe(session_id, account=view.account),
        read=lambda after: sessions.events(session_id, after=after, limit=_STORED_PAGE),
        place=lambda entry: entry.sequence,
        ends=_ends_session,
    )
    return await sse.stream(call.request, follow(call, log, after=after))


@routes.route(
    "GET",
    "/v1/events",
    tag=_TAG,
    contents={200: EVENTS_CONTENT},
    headers=(LAST_EVENT_ID,),
    problems={403: ("forbidden",)},
)
async def follow_events(call: Call) -> web.StreamResponse:
    """Follow every session of the account as server-sent events.

    The id of an event is its `position`; a client that comes back with `Last-Event-ID` misses
    nothing. Without it the stream begins now. A user gets the meetings he is a member of.
    """
    _ = member_of(call.principal)
    account, sessions = call.principal.account, call.app.sessions
    log = Log(
        subscribe=lambda: sessions.subscribe(None, account=account),
        read=lambda after: sessions.events_of_account(account, after=after, limit=_STORED_PAGE),
        place=lambda entry: entry.position,
        shown=_of_members(call),
    )
    after = sse.last_event_id(call.request)
    return await sse.stream(call.request, follow(call, log, after=after))


def _ends_session(entry: LogEntryView) -> bool:
    session = entry.data.get("session")
    ended = isinstance(session, dict) and session.get("state") == SessionState.ENDED.value
    return ended or entry.type == SessionDiscarded.type


def _of_members(call: Call) -> Callable[[LogEntryView], Awaitable[bool]] | None:
    """Which facts a user sees: those of his meetings, looked up once for each session."""
    if call.principal.kind is PrincipalKind.API_KEY:
        return None
    known: dict[str, bool] = {}

    async def shown(entry: LogEntryView) -> bool:
        if not known.get(entry.session_id):
            allowed = await rights(call, entry.meeting_id, account=call.principal.account)
            known[entry.session_id] = allowed.read
        return known[entry.session_id]

    return shown


async def session_for(call: Call, session_id: str, need: str) -> SessionView:
    """The session, if the caller may do what is needed with its meeting."""
    view = await call.app.sessions.get(session_id)
    allowed = await rights(call, view.session.meeting_id, account=view.account)
    if not allowed.read:
        raise Problem(404, "session_not_found", "There is no such session.")
    demand(allowed, need)
    return view
