"""Routes of connection quality: how it is judged, what it is, what it was."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from server.api import quality_shapes as shapes
from server.api.policy import member_of
from server.api.quality_model import QualityModel, quality_model
from server.api.sessions import session_for
from server.http import sse
from server.http.call import Call
from server.http.problem import Problem
from server.http.registry import Content, Credential, Registry
from server.http.sse import HEARTBEAT_SECONDS, STREAMS, Message
from server.services.quality_history import fitting_step
from server.services.quality_timeline import timeline
from server.services.views import SessionView
from signaling.model import SessionState

if TYPE_CHECKING:
    from server.records import LogEntryView

routes = Registry()
_TAG = "Quality"
_PAGE = 1000  # facts read from storage at a time
_MOST_FACTS = 20_000  # a day of a meeting of five
_SECONDS = Content(
    "A stream of seconds.",
    "text/event-stream",
    {
        "type": "string",
        "description": "Messages with the event `quality`; `data` is a QualityNow as JSON. A slow "
        "reader misses seconds, never the latest.",
    },
)


@routes.route(
    "GET", "/v1/quality-model", tag=_TAG, answer=QualityModel, credential=Credential.NOT_READ
)
async def get_quality_model(call: Call) -> QualityModel:  # noqa: ARG001  (a handler's signature)
    """Read how connection quality is judged: formula, edges, windows and the bands of charts.

    The server judges by these very constants; their `version` changes with them.
    """
    return quality_model()


@routes.route(
    "GET",
    "/v1/quality",
    tag=_TAG,
    answer=shapes.LiveQuality,
    problems={403: ("forbidden",)},
)
async def get_live_quality(call: Call) -> shapes.LiveQuality:
    """Read what every live session was like in the last minute, and whether it is recorded.

    The newest 100 sessions, as `GET /v1/sessions?state=live` lists them.
    """
    member = member_of(call.principal)
    page = await call.app.sessions.page(
        account=call.principal.account, state=SessionState.LIVE, limit=100, member=member
    )
    return shapes.LiveQuality(
        items=[
            shapes.recent(
                view.session.id,
                call.app.quality.recent(view.session.id),
                recording=call.app.recordings.running_in(view.session.id) is not None,
            )
            for view in page.items
        ]
    )


@routes.route(
    "GET",
    "/v1/sessions/{session_id}/quality",
    tag=_TAG,
    answer=shapes.QualityHistory,
    contents={
        200: _SECONDS,
        204: Content("The session ended; nothing is left to stream."),
    },
    problems={
        403: ("forbidden",),
        404: ("session_not_found",),
        422: ("invalid_request", "invalid_range"),
    },
)
async def get_session_quality(
    call: Call, session_id: str, query: shapes.QualityQuery
) -> shapes.QualityHistory | web.StreamResponse:
    """Read the samples of a session's connections, or follow them live.

    As JSON: one series for each stream, and what is measured now. With `Accept:
    text/event-stream`: one message a second while somebody is connected. Everybody may read his
    own with `participant`; those of others are for hosts, the meeting's creator and API keys.
    """
    view = await session_for(call, session_id, _need(call, query.participant))
    if sse.wanted(call.request):
        if view.session.state is SessionState.ENDED:
            return web.Response(status=204)
        return await sse.stream(call.request, _follow(call, session_id, query.participant))
    start, end = _range(call, view, query)
    step = fitting_step(start, end, query.step)
    series = await call.app.quality.history(
        session_id, start=start, end=end, step=step, participant_id=query.participant
    )
    return shapes.QualityHistory(
        session_id=session_id,
        start=datetime.fromtimestamp(start, UTC),
        end=datetime.fromtimestamp(end, UTC),
        step=step,
        now=[
            shapes.connection(one)
            for one in call.app.quality.current(session_id)
            if query.participant in (None, one.participant_id)
        ],
        series=[shapes.series(one) for one in series],
    )


@routes.route(
    "GET",
    "/v1/sessions/{session_id}/timeline",
    tag=_TAG,
    answer=shapes.Timeline,
    problems={403: ("forbidden",), 404: ("session_not_found",), 422: ("invalid_request",)},
)
async def get_session_timeline(
    call: Call, session_id: str, query: shapes.TimelineQuery
) -> shapes.Timeline:
    """Read the life of each connection: joined, path, codecs, mutes, reconnects, quality.

    It is folded from the session's log. Everybody may read his own with `participant`.
    """
    view = await session_for(call, session_id, _need(call, query.participant))
    entries: list[LogEntryView] = []
    while page := await call.app.sessions.events(
        view.session.id, after=entries[-1].sequence if entries else 0, limit=_PAGE
    ):
        entries.extend(page)
        if len(entries) >= _MOST_FACTS:
            break
    return shapes.Timeline(
        session_id=session_id,
        connections=[
            shapes.life(one)
            for one in timeline(entries)
            if query.participant in (None, one.participant_id)
        ],
        complete=len(entries) < _MOST_FACTS,
    )


def _need(call: Call, participant: str | None) -> str:
    own = participant is not None and participant == call.principal.participant_id
    return "read" if own else "moderate"


def _range(call: Call, view: SessionView, query: shapes.QualityQuery) -> tuple[int, int]:
    """From and to in whole seconds since 1970, the second one not included."""
    session = view.session
    start = query.start or session.created_at
    end = query.end or session.ended_at or call.app.clock.utc()
    begins, ends = int(_aware(start).timestamp()), int(_aware(end).timestamp()) + 1
    if begins >= ends:
        raise Problem(422, "invalid_range", "`from` must be before `to`.")
    return begins, ends


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


async def _follow(
    call: Call, session_id: str, participant: str | None
) -> AsyncGenerator[Message | None, None]:
    streams = call.request.app[STREAMS]
    live = call.app.quality.subscribe(session_id)
    streams.add(live)
    try:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    found = await anext(live)
            except TimeoutError:
                yield None
                continue
            except StopAsyncIteration:
                return
            shown = tuple(o for o in found if participant in (None, o.participant_id))
            if shown:
                yield Message(None, "quality", shapes.second(shown).model_dump(mode="json"))
    finally:
        streams.discard(live)
        live.close()
