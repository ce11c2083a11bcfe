"""Routes of meetings: create, list, get, change, delete, join tokens, lobby, end."""

from server.api import shapes, views
from server.api.policy import actor, meeting_for, member_of, rights
from server.auth.principal import PrincipalKind
from server.http.call import Call
from server.http.problem import Problem
from server.http.registry import Answer, Credential, Registry
from server.services.views import CreateMeeting, PatchMeeting, TokenWish
from signaling.model import Access, Meeting, RecordPolicy

routes = Registry()
_TAG = "Meetings"
_NOT_FOUND = {404: ("meeting_not_found",)}
_DENIED = {403: ("forbidden",), **_NOT_FOUND}
_PATH = "/v1/meetings/{meeting}"


@routes.route(
    "POST",
    "/v1/meetings",
    tag=_TAG,
    status=201,
    answer=shapes.Meeting,
    problems={403: ("forbidden",), 422: ("invalid_title",)},
)
async def create_meeting(call: Call, body: shapes.NewMeeting) -> Answer:
    """Create a meeting.

    Any API key or signed-in user may. In development mode `access` is `link` unless told
    otherwise: whoever has the link joins by name. Elsewhere it is `token`.
    """
    who = call.principal
    if who.kind is PrincipalKind.JOIN:
        raise Problem(403, "forbidden", "A join token cannot create meetings.")
    wish = CreateMeeting(
        title=body.title,
        max_participants=body.max_participants,
        record=body.record,
        captions=body.captions,
        waiting_room=body.waiting_room,
        access=body.access,
    )
    meeting = await call.app.meetings.create(wish, account=who.account, by=who.sub)
    return Answer(views.meeting(call.app, meeting), {"Location": f"/v1/meetings/{meeting.id}"})


@routes.route(
    "GET",
    "/v1/meetings",
    tag=_TAG,
    answer=shapes.MeetingPage,
    problems={403: ("forbidden",), 422: ("invalid_request",)},
)
async def list_meetings(call: Call, query: shapes.MeetingQuery) -> shapes.MeetingPage:
    """List meetings.

    An API key sees those of its account, a user those he created, is registered for or was in.
    """
    page = await call.app.meetings.page(
        account=call.principal.account,
        cursor=query.cursor,
        limit=query.limit,
        status=query.status,
        member=member_of(call.principal),
    )
    return shapes.MeetingPage(
        items=[views.meeting(call.app, meeting) for meeting in page.items],
        next_cursor=page.next_cursor,
    )


@routes.route("GET", _PATH, tag=_TAG, answer=shapes.Meeting, problems=_NOT_FOUND)
async def get_meeting(call: Call, meeting: str) -> shapes.Meeting:
    """Get a meeting by its id, in any form."""
    return views.meeting(call.app, await meeting_for(call, meeting, "read"))


@routes.route(
    "PATCH",
    _PATH,
    tag=_TAG,
    answer=shapes.Meeting,
    problems={**_DENIED, 422: ("invalid_title",)},
    body_required=True,
)
async def change_meeting(call: Call, meeting: str, body: shapes.MeetingChange) -> shapes.Meeting:
    """Change a meeting.

    `status: INACTIVE` admits nobody any more; people inside stay.
    """
    found = await meeting_for(call, meeting, "own")
    change = PatchMeeting(
        title=body.title,
        max_participants=body.max_participants,
        record=body.record,
        captions=body.captions,
        waiting_room=body.waiting_room,
        access=body.access,
        status=body.status,
    )
    return views.meeting(call.app, await call.app.meetings.patch(found.id, change))


@routes.route("DELETE", _PATH, tag=_TAG, status=204, problems=_DENIED)
async def delete_meeting(call: Call, meeting: str) -> None:
    """Delete a meeting.

    A live session is ended first. Recordings stay until they are deleted themselves.
    """
    found = await meeting_for(call, meeting, "own")
    await call.app.meetings.delete(found.id)


@routes.route(
    "POST",
    _PATH + "/tokens",
    tag=_TAG,
    status=201,
    answer=shapes.Token,
    problems={**_DENIED, 422: ("name_required", "name_invalid")},
    body_required=True,
)
async def create_token(call: Call, meeting: str, body: shapes.NewToken) -> shapes.Token:
    """Issue a join token.

    With `user_id` the user is registered for the meeting at once: his own user token then passes
    wherever members are asked for.
    """
    found = await meeting_for(call, meeting, "own")
    wish = TokenWish(name=body.name, role=body.role, user_id=body.user_id, ttl=body.ttl)
    issued = await call.app.meetings.issue_token(found.id, wish)
    return shapes.Token(
        token=issued.token,
        url=issued.url,
        participant_id=issued.participant_id,
        expires_at=views.utc(issued.expires_at),
    )


@routes.route(
    "GET",
    _PATH + "/lobby",
    tag=_TAG,
    answer=shapes.Lobby,
    credential=Credential.OPTIONAL,
    problems={401: ("token_required",), **_NOT_FOUND},
)
async def get_lobby(call: Call, meeting: str) -> shapes.Lobby:
    """See what is known in front of a meeting's door.

    Meetings with `access: link` show it to everybody who knows the link; others want a join
    token.
    """
    found = await call.app.meetings.get(meeting)
    if found.access is not Access.LINK:
        await _require_ticket(call, found)
    live = call.app.sessions.live(found.id)
    people = views.people_inside(live)
    recording = None if live is None else call.app.recordings.running_in(live.session.id)
    always = found.record is RecordPolicy.ALWAYS
    will_be = call.app.settings.recording.media if always else None
    return shapes.Lobby(
        id=found.id,
        title=found.title,
        status=found.status,
        access=found.access,
        record=found.record,
        recording_active=recording is not None,
        recording_media=will_be if recording is None else recording.media,
        participants=[who.name for who in people],
        full=len(people) >= found.max_participants,
        waiting_room=found.waiting_room,
    )


async def _require_ticket(call: Call, meeting: Meeting) -> None:
    allowed = await rights(call, meeting.id, account=meeting.account, creator=meeting.created_by)
    if allowed.read:
        return
    if call.principal.kind is PrincipalKind.ANONYMOUS:
        raise Problem(401, "token_required", "This meeting needs an invitation link with a token.")
    raise Problem(404, "meeting_not_found", "There is no meeting with this id.")


@routes.route(
    "POST",
    _PATH + "/end",
    tag=_TAG,
    status=204,
    problems={403: ("forbidden",), 404: ("meeting_not_found", "no_active_session")},
)
async def end_meeting(call: Call, meeting: str) -> None:
    """End the live session for everybody; the meeting itself stays open for another."""
    found = await meeting_for(call, meeting, "moderate")
    if call.app.sessions.live(found.id) is None:
        raise views.no_active_session()
    await call.app.live.end_meeting(found.id, actor(call.principal))
