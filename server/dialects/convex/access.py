"""The access rule of the module: who may ask about which meeting."""

from typing import TYPE_CHECKING

from server.auth.principal import Principal, PrincipalKind
from server.dialects.convex.errors import FunctionFailure, convex_error
from server.dialects.convex.ids import Table, encode_id
from server.services.context import App
from signaling.errors import RefusalKind, Refused
from signaling.model import Meeting

if TYPE_CHECKING:
    from server.dialects.convex.values import Value


async def require_meeting(app: App, principal: Principal, meeting_id: str) -> Meeting:
    """The meeting, for a caller who may ask about it.

    A meeting that does not exist and one that the caller has no part in look the same.

    Raises:
        FunctionFailure: `UNAUTHORIZED` or `FORBIDDEN`.
    """
    user_id = await _user_id(app, principal)
    meeting = await _find(app, meeting_id)
    if meeting is not None and await _may_ask(app, principal, meeting):
        return meeting
    about: dict[str, Value] = {"meetingId": encode_id(Table.MEETINGS, meeting_id)}
    if user_id is not None:
        about["userId"] = encode_id(Table.USERS, user_id)
    raise convex_error("FORBIDDEN", "Access denied: Not a meeting participant", 403, metadata=about)


async def _user_id(app: App, principal: Principal) -> str | None:
    """The caller's id among users; API keys have none."""
    match principal.kind:
        case PrincipalKind.ANONYMOUS:
            raise _unauthorized("Authentication required")
        case PrincipalKind.API_KEY:
            return None
        case PrincipalKind.JOIN if principal.user_id is None:
            return principal.participant_id  # a guest: the participant stands in for the user
        case PrincipalKind.JOIN | PrincipalKind.USER:
            return await _known_user(app, principal)


async def _known_user(app: App, principal: Principal) -> str:
    sub = principal.sub or ""
    registered = principal.kind is PrincipalKind.JOIN
    if registered or app.settings.auth.provision_users:
        avatar = principal.avatar_url
        return (await app.users.ensure(sub, principal.name, avatar)).id
    user = await app.users.by_sub(sub)
    if user is None:
        raise _unauthorized("User not provisioned. Please complete sign-in and try again.")
    return user.id


async def _find(app: App, meeting_id: str) -> Meeting | None:
    try:
        return await app.meetings.get(meeting_id)
    except Refused as refused:
        if refused.kind is RefusalKind.NOT_FOUND:
            return None
        raise


async def _may_ask(app: App, principal: Principal, meeting: Meeting) -> bool:
    if principal.account != meeting.account:
        return False
    if principal.kind is PrincipalKind.API_KEY:
        return True
    if principal.kind is PrincipalKind.JOIN:
        return principal.meeting_id == meeting.id
    return principal.sub is not None and await app.meetings.is_member(meeting.id, principal.sub)


def _unauthorized(message: str) -> FunctionFailure:
    return convex_error("UNAUTHORIZED", message, 401)
