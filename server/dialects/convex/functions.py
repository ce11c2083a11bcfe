"""The functions that this dialect serves, as a table, and how one of them is called."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.auth.principal import Principal
from server.dialects.convex.access import require_meeting
from server.dialects.convex.documents import active_sessions
from server.dialects.convex.errors import FunctionFailure, thrown_error
from server.dialects.convex.ids import Table, parse_id
from server.dialects.convex.names import FunctionName
from server.dialects.convex.validators import Arguments, IdOf
from server.dialects.convex.values import Value
from server.records import User
from server.services.context import App
from signaling.errors import Refused
from signaling.model import Participant

MODULE = "meetings/webrtc/index"


class FunctionKind(StrEnum):
    """What a function may do; the words of messages."""

    QUERY = "Query"
    MUTATION = "Mutation"
    ACTION = "Action"


@dataclass(frozen=True, slots=True)
class Context:
    """What a function is called with besides its arguments."""

    app: App
    principal: Principal


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the dialect."""

    kind: FunctionKind
    arguments: Arguments
    run: Callable[[Context, Mapping[str, Value]], Awaitable[Value]]


async def call_function(
    context: Context, name: FunctionName, kind: FunctionKind | None, positional: Sequence[Value]
) -> Value:
    """Call a function; `kind` is what the route serves, None for any.

    Raises:
        FunctionFailure: Whatever the caller is told instead of a value.
    """
    function = FUNCTIONS.get(name)
    if function is None:
        raise _not_found(name, public=kind is not None)
    if kind not in (None, function.kind):
        raise FunctionFailure(
            f"Trying to execute {name.with_suffix} as {kind}, but it is defined as {function.kind}."
        )
    arguments = function.arguments.read(positional)
    try:
        return await function.run(context, arguments)
    except Refused as refused:
        raise thrown_error(refused.message) from refused


async def _get_active_sessions(context: Context, arguments: Mapping[str, Value]) -> Value:
    app = context.app
    meeting_id = parse_id(str(arguments["meetingId"]), Table.MEETINGS) or ""
    meeting = await require_meeting(app, context.principal, meeting_id)
    rows = app.tracker.connections(meeting.id)
    users = await _users_of(app, [participant for _, participant in rows])
    return active_sessions(rows, users)


async def _users_of(app: App, participants: Sequence[Participant]) -> Mapping[str, User]:
    """The users behind participants, by `sub`."""
    users: dict[str, User] = {}
    for sub in {participant.user_id for participant in participants}:
        if sub is not None:
            users[sub] = await app.users.by_sub(sub) or await app.users.ensure(sub)
    return users


def _not_found(name: FunctionName, *, public: bool) -> FunctionFailure:
    if public:
        return FunctionFailure(f"Could not find public function for '{name}'.")
    return FunctionFailure(
        f"Could not find function for '{name}'. Did you forget to run `npx convex dev`?"
    )


FUNCTIONS: Mapping[FunctionName, Function] = {
    FunctionName(MODULE, "getActiveSessions"): Function(
        FunctionKind.QUERY,
        Arguments({"meetingId": IdOf(Table.MEETINGS)}),
        _get_active_sessions,
    ),
}
