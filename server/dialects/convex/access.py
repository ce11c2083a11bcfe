"""The access rule of the module: who may ask about which meeting."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from server.auth.principal import Principal, PrincipalKind
from server.dialects.convex.errors import FunctionFailure, convex_error
from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.topics import access_to, meeting_itself
from server.services.context import App
from signaling.errors import RefusalKind, Refused
from signaling.model import Meeting

if TYPE_CHECKING:
    from server.dialects.convex.context import Context
    from server.dialects.convex.values import Value

MEETINGS_REMEMBERED, VISITORS_REMEMBERED = 256, 4096
Key: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who may ask about a meeting.

    Attributes:
        meeting: The meeting.
        user_id: The caller's id among users; for a guest that of the participant; None for API
            keys.
    """

    meeting: Meeting
    user_id: str | None

    @property
    def user(self) -> str:
        """The caller's id among users.

        Raises:
            FunctionFailure: `FORBIDDEN`: an API key is nobody in a meeting.
        """
        if self.user_id is None:
            raise convex_error(
                "FORBIDDEN", "An API key is nobody in a meeting: use a user or join token", 403
            )
        return self.user_id


class Visits:
    """Visits that were found in order and stay so until their meeting changes.

    Attributes:
        changes: How many meetings changed; a visit that was begun before is not kept.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._known: OrderedDict[str, dict[Key, Visit]] = OrderedDict()

    def find(self, meeting_id: str, principal: Principal) -> Visit | None:
        """What was found before."""
        return self._known.get(meeting_id, {}).get(_key(principal))

    def keep(self, principal: Principal, visit: Visit) -> None:
        """Remember; the meetings that are longest unused are forgotten first."""
        visits = self._known.setdefault(visit.meeting.id, {})
        if len(visits) >= VISITORS_REMEMBERED:
            visits.clear()
        visits[_key(principal)] = visit
        self._known.move_to_end(visit.meeting.id)
        if len(self._known) > MEETINGS_REMEMBERED:
            _ = self._known.popitem(last=False)

    def forget(self, meeting_id: str) -> None:
        """The meeting changed."""
        self.changes += 1
        _ = self._known.pop(meeting_id, None)


async def require_meeting(context: "Context", meeting_id: str) -> Visit:
    """The meeting, for a caller who may ask about it.

    A meeting that does not exist and one that the caller has no part in look the same.

    Raises:
        FunctionFailure: `UNAUTHORIZED` or `FORBIDDEN`.
    """
    context.reads.add(meeting_itself(meeting_id))
    deployment, principal = context.deployment, context.principal
    known = deployment.visits.find(meeting_id, principal)
    if known is not None:
        return known
    changes = deployment.visits.changes
    app = context.app
    user_id = await _user_id(app, principal)
    meeting = await _find(app, meeting_id)
    if meeting is not None and await _may_ask(app, principal, meeting):
        visit = Visit(meeting, user_id)
        if deployment.visits.changes == changes:
            deployment.visits.keep(principal, visit)
        return visit
    context.reads.add(access_to(meeting_id))
    about: dict[str, Value] = {"meetingId": encode_id(Table.MEETINGS, meeting_id)}
    if user_id is not None:
        about["userId"] = encode_id(Table.USERS, user_id)
    raise convex_error("FORBIDDEN", "Access denied: Not a meeting participant", 403, metadata=about)


async def user_of(context: "Context") -> str:
    """The caller's id among users, where no meeting is named.

    Raises:
        FunctionFailure: `UNAUTHORIZED` or `FORBIDDEN`.
    """
    user_id = await _user_id(context.app, context.principal)
    if user_id is None:
        raise convex_error("FORBIDDEN", "An API key has no signals", 403)
    return user_id


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


def _key(principal: Principal) -> Key:
    """Everything that the decision depends on, and what a user document is made of."""
    return (
        principal.kind,
        principal.account,
        principal.sub,
        principal.meeting_id,
        principal.participant_id,
        principal.user_id,
        principal.name,
        principal.avatar_url,
    )


def _unauthorized(message: str) -> FunctionFailure:
    return convex_error("UNAUTHORIZED", message, 401)
