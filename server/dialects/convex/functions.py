"""The functions that this dialect serves, as a table, and how one of them is called."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.dialects.convex import actions, mutations, queries, shapes
from server.dialects.convex.context import Context
from server.dialects.convex.errors import FunctionFailure, refusal
from server.dialects.convex.names import FunctionName
from server.dialects.convex.shapes import takes
from server.dialects.convex.validators import Arguments, ListOf, Optional, Validator, words
from server.dialects.convex.values import Value
from signaling.errors import Refused

MODULE = "meetings/webrtc/index"
SIGNALING_MODULE = "meetings/webrtc/signaling"
ROOMS_MODULE = "meetings/webrtc/rooms"


class FunctionKind(StrEnum):
    """What a function may do; the words of messages."""

    QUERY = "Query"
    MUTATION = "Mutation"
    ACTION = "Action"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the dialect.

    Attributes:
        summary: One sentence for documents.
    """

    kind: FunctionKind
    arguments: Arguments
    returns: Validator
    run: Callable[[Context, Mapping[str, Value]], Awaitable[Value]]
    summary: str


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
        value = await function.run(context, arguments)
    except Refused as refused:
        raise refusal(refused) from refused
    if function.kind is not FunctionKind.QUERY:
        _ = context.deployment.commit()
    return value


def _not_found(name: FunctionName, *, public: bool) -> FunctionFailure:
    if public:
        return FunctionFailure(f"Could not find public function for '{name}'.")
    return FunctionFailure(
        f"Could not find function for '{name}'. Did you forget to run `npx convex dev`?"
    )


_SESSION: Mapping[str, Validator] = {"sessionId": shapes.TEXT}
_TARGET: Mapping[str, Validator] = {"targetUserId": Optional(shapes.USER)}

_SESSIONS: Mapping[str, Function] = {
    "getActiveSessions": Function(
        FunctionKind.QUERY,
        takes(),
        ListOf(shapes.ACTIVE_SESSION),
        queries.get_active_sessions,
        "The meeting's connections that are connecting, connected or disconnected.",
    ),
    "getActiveSessionsPaginated": Function(
        FunctionKind.QUERY,
        takes(paginationOpts=shapes.PAGINATION),
        shapes.PAGE,
        queries.get_active_sessions_page,
        "The same rows page by page, in order of creation.",
    ),
    "createWebRTCSession": Function(
        FunctionKind.MUTATION,
        takes(**_SESSION),
        shapes.CREATED,
        mutations.create_session,
        "Open the caller's connection under a name of the client's.",
    ),
    "updateSessionState": Function(
        FunctionKind.MUTATION,
        takes(**_SESSION, state=words(*shapes.STATES), metadata=Optional(shapes.METADATA)),
        shapes.NIL,
        mutations.update_session_state,
        "Replace the metadata of the caller's connection, or close it.",
    ),
    "closeSession": Function(
        FunctionKind.MUTATION,
        takes(**_SESSION),
        shapes.NIL,
        mutations.close_session,
        "Close the caller's connection.",
    ),
}

_SIGNALLING: Mapping[str, Function] = {
    "exchangeSessionDescription": Function(
        FunctionKind.MUTATION,
        takes(**_SESSION, **_TARGET, description=shapes.DESCRIPTION),
        shapes.NIL,
        mutations.exchange_description,
        "Send a description to a user, or, without one, to the media server.",
    ),
    "exchangeICECandidate": Function(
        FunctionKind.MUTATION,
        takes(**_SESSION, **_TARGET, candidate=shapes.CANDIDATE),
        shapes.NIL,
        mutations.exchange_candidate,
        "Send a candidate to a user, or, without one, to the media server.",
    ),
    "getPendingSignals": Function(
        FunctionKind.QUERY,
        takes(sessionId=Optional(shapes.TEXT), lastSignalId=Optional(shapes.SIGNAL)),
        ListOf(shapes.PENDING_SIGNAL),
        queries.get_pending_signals,
        "Signals that wait for the caller, oldest first.",
    ),
    "markSignalsProcessed": Function(
        FunctionKind.MUTATION,
        Arguments({"signalIds": ListOf(shapes.SIGNAL)}),
        shapes.NIL,
        mutations.mark_signals_processed,
        "Forget signals that were for the caller.",
    ),
}

_ROOMS: Mapping[str, Function] = {
    "initializeWebRTCRoom": Function(
        FunctionKind.ACTION,
        takes(maxParticipants=Optional(shapes.NUMBER)),
        shapes.ROOM,
        actions.initialize_room,
        "What the meeting's room offers.",
    ),
    "generateParticipantAccessToken": Function(
        FunctionKind.ACTION,
        takes(sessionId=Optional(shapes.TEXT)),
        shapes.ACCESS_TOKEN,
        actions.generate_access_token,
        "A join token for the caller.",
    ),
    "handleConnectionFailure": Function(
        FunctionKind.ACTION,
        takes(**_SESSION, errorType=words(*shapes.FAILURES), errorDetails=Optional(shapes.TEXT)),
        shapes.FAILURE_ADVICE,
        actions.handle_failure,
        "Report that the caller's connection failed.",
    ),
    "monitorConnectionQuality": Function(
        FunctionKind.ACTION,
        takes(**_SESSION, stats=shapes.STATS),
        shapes.QUALITY_ADVICE,
        actions.monitor_quality,
        "Judge what the caller's client measured.",
    ),
}

INDEX: Mapping[str, Function] = {**_SESSIONS, **_SIGNALLING, **_ROOMS}
"""The functions of the main module."""

FUNCTIONS: Mapping[FunctionName, Function] = {
    FunctionName(module, name): function
    for module, functions in (
        (MODULE, INDEX),
        (SIGNALING_MODULE, {**_SESSIONS, **_SIGNALLING}),
        (ROOMS_MODULE, _ROOMS),
    )
    for name, function in functions.items()
}
"""Every public function; the other modules are aliases."""
