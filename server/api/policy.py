"""Who may do what with which meeting: one answer for every route.

An API key: everything of its account. A user: meetings he created, and reading of those that he
is a member of. A join token: its own meeting, to read; a host's also to moderate and record.
What somebody may not even read does not exist for him: 404, not 403.
"""

from dataclasses import dataclass

from server.auth.principal import Principal, PrincipalKind
from server.connectors.links import LinkError, Platform, parse_link
from server.http.call import Call
from server.http.problem import Problem
from server.records import Bot
from signaling.errors import RefusalKind, Refused
from signaling.model import Meeting, Role


@dataclass(frozen=True, slots=True)
class Rights:
    """What a principal may do with a meeting.

    Attributes:
        read: See it and its live session.
        moderate: End, kick, mute, record; read its recordings and events.
        own: Change and delete it, issue tokens.
    """

    read: bool = False
    moderate: bool = False
    own: bool = False


NOTHING = Rights()
READER = Rights(read=True)
HOST = Rights(read=True, moderate=True)
OWNER = Rights(read=True, moderate=True, own=True)


async def rights(
    call: Call, meeting_id: str, *, account: str, creator: str | None = None
) -> Rights:
    """What the caller may do with a meeting, deleted or not.

    Args:
        call: Whose principal asks.
        meeting_id: Canonical id.
        account: The meeting's.
        creator: The meeting's `created_by`; None when unknown.
    """
    who = call.principal
    if who.account != account:
        return NOTHING
    match who.kind:
        case PrincipalKind.API_KEY:
            return OWNER
        case PrincipalKind.USER:
            created = who.sub is not None and who.sub == creator
            return OWNER if created else await _member(call, meeting_id)
        case PrincipalKind.JOIN if who.meeting_id == meeting_id:
            return HOST if who.role is Role.HOST else READER
    return NOTHING


async def _member(call: Call, meeting_id: str) -> Rights:
    sub = call.principal.sub
    if sub is None or not await call.app.meetings.is_member(meeting_id, sub):
        return NOTHING
    registration = await call.app.meetings.registration(meeting_id, sub)
    host = registration is not None and registration.role is Role.HOST
    return HOST if host else READER


async def canonical_id(call: Call, meeting: str | None) -> str | None:
    """A filter's meeting as a canonical id; one that is deleted or unknown stays as it is."""
    if meeting is None:
        return None
    try:
        return (await call.app.meetings.get(meeting)).id
    except Refused as refused:
        if refused.kind is not RefusalKind.NOT_FOUND:
            raise
        return meeting


async def meeting_for(call: Call, meeting: str, need: str) -> Meeting:
    """The meeting, if the caller may do what is needed: `read`, `moderate` or `own`.

    Raises:
        Refused: `meeting_not_found`.
        Problem: 404 the same for meetings that are none of his business, 403 `forbidden`.
    """
    found = await call.app.meetings.get(meeting)
    allowed = await rights(call, found.id, account=found.account, creator=found.created_by)
    if not allowed.read:
        raise Problem(404, "meeting_not_found", "There is no meeting with this id.")
    demand(allowed, need)
    return found


def demand(allowed: Rights, need: str) -> None:
    """Insist on a right.

    Raises:
        Problem: 403 `forbidden`, saying who may.
    """
    if not getattr(allowed, need):
        raise Problem(403, "forbidden", _SENTENCES[need])


_SENTENCES = {
    "read": "This is for people of the meeting.",
    "moderate": "This is for the meeting's hosts, its creator and API keys.",
    "own": "This is for the meeting's creator and API keys.",
}


def member_of(principal: Principal) -> str | None:
    """The `sub` that lists are limited to; None for API keys, which see their whole account.

    Raises:
        Problem: 403 for join tokens, which are good for one meeting only.
    """
    match principal.kind:
        case PrincipalKind.API_KEY:
            return None
        case PrincipalKind.USER if principal.sub is not None:
            return principal.sub
        case _:
            raise Problem(
                403, "forbidden", "A join token is for one meeting; ask for that meeting by its id."
            )


async def demand_target(call: Call, link: str) -> None:
    """Insist on the right to send a bot to a link's meeting.

    A key sends bots to any meeting of its account, a user to those that he may moderate. Whether
    the link is one at all, and of which account, is for the service to say.

    Raises:
        Refused: `meeting_not_found`.
        Problem: 404 the same for meetings that are none of his business, 403 `forbidden`.
    """
    who = call.principal.kind
    if who is PrincipalKind.API_KEY:
        return
    if who is not PrincipalKind.USER:
        raise Problem(403, "forbidden", "Bots are sent by users and API keys.")
    try:
        parsed = parse_link(link, call.app.meetings.public_url, call.app.settings.bots.sites)
    except LinkError:
        return
    if parsed.platform is Platform.ROOMTONE:
        _ = await meeting_for(call, parsed.meeting_id, "moderate")


def sees(principal: Principal, bot: Bot) -> bool:
    """Whether a bot is the caller's: of the key's account, or sent by the user.

    Raises:
        Problem: 403 for join tokens.
    """
    return bot.account == principal.account and member_of(principal) in (None, bot.created_by)


def actor(principal: Principal) -> str | None:
    """Who did it, for records: the participant, else the user, else the key."""
    return principal.participant_id or principal.sub or principal.key_id
