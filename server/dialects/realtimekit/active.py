"""The active session: read it, kick, kick all, mute, mute all, ask a question."""

from collections.abc import Awaitable, Sequence
from datetime import datetime

from aiohttp import web

from media.types import MediaKind
from server.dialects.realtimekit.answers import KitError, bad, success, time_text
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.meetings import title_of
from server.dialects.realtimekit.reading import Body, needed_text, switch_of, texts_of
from server.dialects.realtimekit.sessions import document
from server.dialects.realtimekit.tally import Row, rows_of, tally
from server.services.views import SessionView
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id
from signaling.model import Participant


async def get(call: Call) -> web.Response:
    """`GET /active-session`."""
    view = await call.active()
    meeting = await call.meeting()
    title = title_of(meeting, await call.beside(meeting.id))
    return success(document(call, view, tally(view, call.app.clock.utc()), title))


async def kick(call: Call) -> web.Response:
    """`POST /active-session/kick`: who is kicked may come back with the same token."""
    view = await call.active()
    chosen = _chosen(view, await call.body(), call)
    now = call.app.clock.utc()
    for participant_id in _people(chosen):
        await _if_here(call.app.live.kick(participant_id, None, for_good=False))
    return success({"action": "kick", "participants": [_peer(row, now) for row in chosen]})


async def kick_all(call: Call) -> web.Response:
    """`POST /active-session/kick-all`: the session ends at once."""
    view = await call.active()
    count = len(_inside(view, call))
    try:
        await call.app.live.end_meeting(view.session.meeting_id, None)
    except Refused as refused:
        if refused.kind is not RefusalKind.NOT_FOUND:
            raise
    return success({"action": "kick-all", "kicked_participants_count": count})


async def mute(call: Call) -> web.Response:
    """`POST /active-session/mute`: they may unmute themselves again."""
    view = await call.active()
    chosen = _chosen(view, await call.body(), call)
    now = call.app.clock.utc()
    await _silence(call, _people(chosen), allow_unmute=True)
    return success({"action": "mute", "participants": [_peer(row, now) for row in chosen]})


async def mute_all(call: Call) -> web.Response:
    """`POST /active-session/mute-all`."""
    view = await call.active()
    allow = switch_of(await call.body(), "allow_unmute")
    inside = _inside(view, call)
    await _silence(call, _people(inside), allow_unmute=allow is not False)
    return success({"action": "mute-all", "muted_participants_count": len(inside)})


async def create_poll(call: Call) -> web.Response:
    """`POST /active-session/poll`."""
    _ = await call.active()
    body = await call.body()
    question = needed_text(body, "question")
    options = texts_of(body, "options", needed=True)
    if not options:
        raise bad('"options" must not be empty')
    poll = {
        "id": new_id(),
        "question": question,
        "options": [{"text": text, "count": 0, "votes": []} for text in options],
        "anonymous": switch_of(body, "anonymous") or False,
        "hide_votes": switch_of(body, "hide_votes") or False,
        "created_by": call.ref.id,
        "voted": [],
    }
    return success({"action": "poll", "poll": poll}, 201)


def record_id(participant: Participant) -> str:
    """The id by which clients know a participant: the invitation's, where there is one."""
    return participant.invitation_id or participant.id


def custom_id(participant: Participant) -> str:
    """The participant's id in the client's own world."""
    return participant.user_id or participant.id


def _inside(view: SessionView, call: Call) -> list[Row]:
    rows = rows_of(view, call.app.clock.utc())
    return [row for row in rows if row.left_at is None]


def _chosen(view: SessionView, body: Body, call: Call) -> list[Row]:
    """Rows inside whom the body names.

    Raises:
        KitError: 404 when it names people and none of them is inside.
    """
    ids, custom = texts_of(body, "participant_ids"), texts_of(body, "custom_participant_ids")
    chosen = [
        row
        for row in _inside(view, call)
        if record_id(row.participant) in ids
        or row.participant.id in ids
        or row.connection.id in ids
        or custom_id(row.participant) in custom
    ]
    if not chosen and (ids or custom):
        raise KitError(404, f"No user found with id {[*ids, *custom][0]}")
    return chosen


def _people(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.participant.id for row in rows))


async def _silence(call: Call, people: Sequence[str], *, allow_unmute: bool) -> None:
    live = call.app.live
    for participant_id in people:
        await _if_here(live.mute(participant_id, MediaKind.AUDIO, muted=True, by=None))
        if allow_unmute:  # stays muted until its owner speaks again
            await _if_here(live.mute(participant_id, MediaKind.AUDIO, muted=False, by=None))


async def _if_here(command: Awaitable[None]) -> None:
    """Who left meanwhile needs nothing."""
    try:
        await command
    except Refused as refused:
        if refused.kind is not RefusalKind.NOT_FOUND:
            raise


def _peer(row: Row, now: datetime) -> Body:
    return {
        "id": row.connection.id,
        "name": row.participant.name,
        "created_at": time_text(row.joined_at),
        "updated_at": time_text(now),
    }
