"""Routes of moderation: kick and mute somebody who is in a live session."""

from server.api import shapes
from server.api.policy import actor, demand, rights
from server.http.call import Call
from server.http.problem import Problem
from server.http.registry import Registry
from signaling.model import Participant

routes = Registry()
_TAG = "Participants"
_PATH = "/v1/participants/{participant_id}"
_PROBLEMS = {403: ("forbidden",), 404: ("participant_not_found",)}


@routes.route("POST", _PATH + "/kick", tag=_TAG, status=204, problems=_PROBLEMS)
async def kick_participant(call: Call, participant_id: str) -> None:
    """Remove somebody from the live session.

    His connections close with the reason `kicked`, and his resume token is void.
    """
    await _moderated(call, participant_id)
    await call.app.live.kick(participant_id, actor(call.principal))


@routes.route("POST", _PATH + "/mute", tag=_TAG, status=204, problems=_PROBLEMS, body_required=True)
async def mute_participant(call: Call, participant_id: str, body: shapes.Mute) -> None:
    """Mute somebody's audio or video, or release it again.

    What is muted reaches neither the others nor the recording, whatever the page sends. A release
    lets its owner unmute; nobody's microphone is opened by somebody else.
    """
    await _moderated(call, participant_id)
    await call.app.live.mute(participant_id, body.kind, muted=body.muted, by=actor(call.principal))


async def _moderated(call: Call, participant_id: str) -> Participant:
    who = call.app.tracker.participant(participant_id)
    if who is None:
        raise _not_found()
    meeting = await call.app.meetings.get(who.meeting_id)
    allowed = await rights(call, meeting.id, account=meeting.account, creator=meeting.created_by)
    if not allowed.read:
        raise _not_found()
    demand(allowed, "moderate")
    return who


def _not_found() -> Problem:
    return Problem(404, "participant_not_found", "Nobody with this id is in a live session.")
