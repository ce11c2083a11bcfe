"""Participants: invite, list, read, edit, withdraw, new token."""

from aiohttp import web

from server.dialects.realtimekit.answers import not_found, success, time_text
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.presets import grant_of
from server.dialects.realtimekit.reading import Body, needed_text, read_paging, text_of
from server.records import Invitation
from server.services.invitations import Grant


def document(invitation: Invitation) -> dict[str, object]:
    """An invitation as the dialect shows it."""
    shown: dict[str, object] = {
        "id": invitation.id,
        "custom_participant_id": invitation.user_id,
        "preset_name": invitation.preset_name,
        "created_at": time_text(invitation.created_at),
        "updated_at": time_text(invitation.updated_at),
    }
    if invitation.name is not None:
        shown["name"] = invitation.name
    if invitation.picture is not None:
        shown["picture"] = invitation.picture
    return shown


async def add(call: Call) -> web.Response:
    """`POST /participants`."""
    meeting = await call.meeting()
    body = await call.body()
    user_id = needed_text(body, "custom_participant_id")
    invitation = await call.kit.invitations.create(
        meeting,
        await _grant(call, needed_text(body, "preset_name")),
        user_id=user_id,
        name=text_of(body, "name"),
        picture=text_of(body, "picture"),
    )
    return success({**document(invitation), "token": _token(call, invitation)}, 201)


async def listing(call: Call) -> web.Response:
    """`GET /participants`."""
    meeting = await call.meeting()
    found = await call.kit.invitations.of_meeting(meeting.id)
    page, offsets = read_paging(call.query).cut(found)
    return success([document(one) for one in page], paging=offsets)


async def get(call: Call) -> web.Response:
    """`GET /participants/{participant}`."""
    return success(document(await _invitation(call)))


async def edit(call: Call) -> web.Response:
    """`PATCH /participants/{participant}`: counts at once for people inside."""
    invitation = await _invitation(call)
    body = await call.body()
    preset = text_of(body, "preset_name")
    changed = await call.kit.invitations.change(
        invitation,
        name=text_of(body, "name"),
        picture=text_of(body, "picture"),
        grant=None if preset is None else await _grant(call, preset),
    )
    return success({**document(changed), "token": _token(call, changed)})


async def delete(call: Call) -> web.Response:
    """`DELETE /participants/{participant}`: every token of it is void."""
    invitation = await _invitation(call)
    await call.kit.invitations.withdraw(invitation)
    body: Body = {
        "custom_participant_id": invitation.user_id,
        "preset_id": invitation.preset_id,
        "created_at": time_text(invitation.created_at),
        "updated_at": time_text(invitation.updated_at),
    }
    return success(body)


async def refresh(call: Call) -> web.Response:
    """`POST /participants/{participant}/token`: earlier tokens stay good."""
    return success({"token": _token(call, await _invitation(call))})


async def _invitation(call: Call) -> Invitation:
    meeting, wanted = await call.meeting(), call.part("participant")
    found = await call.kit.invitations.find(meeting.id, wanted)
    return found or not_found("participant", wanted)


async def _grant(call: Call, preset_name: str) -> Grant:
    preset = await call.kit.presets.by_name(call.ref.account, preset_name)
    if preset is None:
        not_found("preset", preset_name)
    return grant_of(preset)


def _token(call: Call, invitation: Invitation) -> str:
    return call.kit.invitations.token(
        invitation,
        {
            "meetingId": invitation.meeting_id,
            "participantId": invitation.id,
            "orgId": call.ref.id,
        },
    )
