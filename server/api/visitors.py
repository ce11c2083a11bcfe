"""Routes of a meeting's door: who waits there, letting in, turning away."""

from server.api import shapes, views
from server.api.policy import actor, meeting_for
from server.http.call import Call
from server.http.problem import Problem
from server.http.registry import Registry
from signaling.errors import RefusalKind, Refused

routes = Registry()
_TAG = "Participants"
_PATH = "/v1/meetings/{meeting}/visitors"
_DENIED = {403: ("forbidden",), 404: ("meeting_not_found",)}
_ONE = {403: ("forbidden",), 404: ("meeting_not_found", "visitor_not_found")}


@routes.route("GET", _PATH, tag=_TAG, answer=shapes.Visitors, problems=_DENIED)
async def list_visitors(call: Call, meeting: str) -> shapes.Visitors:
    """See who waits at the meeting's door.

    Meetings with `waiting_room: on` have everybody but hosts wait until somebody lets them in.
    Visitors are no participants: they see, hear and count nothing.
    """
    found = await meeting_for(call, meeting, "moderate")
    return shapes.Visitors(
        items=[
            shapes.Visitor(
                id=one.id, name=one.name, user_id=one.user_id, since=views.utc(one.since)
            )
            for one in call.app.live.visitors(found.id)
        ]
    )


@routes.route("POST", _PATH + "/admit", tag=_TAG, answer=shapes.Admitted, problems=_DENIED)
async def admit_all(call: Call, meeting: str) -> shapes.Admitted:
    """Let everybody in who waits."""
    found = await meeting_for(call, meeting, "moderate")
    return shapes.Admitted(count=call.app.live.let_in(found.id, None, actor(call.principal)))


@routes.route("POST", _PATH + "/{visitor}/admit", tag=_TAG, status=204, problems=_ONE)
async def admit_visitor(call: Call, meeting: str, visitor: str) -> None:
    """Let somebody in."""
    found = await meeting_for(call, meeting, "moderate")
    try:
        _ = call.app.live.let_in(found.id, visitor, actor(call.principal))
    except Refused as refused:
        raise _not_waiting(refused) from refused


@routes.route("POST", _PATH + "/{visitor}/refuse", tag=_TAG, status=204, problems=_ONE)
async def refuse_visitor(call: Call, meeting: str, visitor: str) -> None:
    """Turn somebody away, who may ask again."""
    found = await meeting_for(call, meeting, "moderate")
    try:
        call.app.live.turn_away(found.id, visitor, actor(call.principal))
    except Refused as refused:
        raise _not_waiting(refused) from refused


def _not_waiting(refused: Refused) -> Exception:
    if refused.kind is RefusalKind.NOT_FOUND:
        return Problem(404, "visitor_not_found", "Nobody with this id waits at the door.")
    return refused
