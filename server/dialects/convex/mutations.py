"""The module's mutations: the caller's own connections, and signals to others or to the server."""

from collections.abc import Mapping
from typing import cast

from server.dialects.convex.access import Visit, require_meeting, user_of
from server.dialects.convex.context import Context
from server.dialects.convex.errors import convex_error
from server.dialects.convex.ids import Table, parse_id
from server.dialects.convex.peers import unknown_session
from server.dialects.convex.queries import meeting_of
from server.dialects.convex.signals import Signal
from server.dialects.convex.values import Value
from signaling.events import Reported
from signaling.ids import new_id
from signaling.model import ConnectionState

MAX_NAME = 256
MAX_METADATA = 64
MAX_SDP = 64 * 1024
"""As the engine has it; candidates are far shorter."""

MAX_CANDIDATE = 2048
MAX_METADATA_TEXT = 1024


async def create_session(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Open the caller's connection of this name; once it is open nothing changes."""
    visit = await require_meeting(context, meeting_of(arguments))
    name = session_name(arguments)
    _ = visit.user
    _ = await context.deployment.peers.create(context, visit, name)
    return {"sessionId": name, "success": True}


async def update_session_state(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Replace the metadata of the caller's connection, and take what it says of its state.

    That is the truth of a connection whose media goes from user to user. What a client reports of
    one to this server is not news here, its end apart: the server sees it itself.
    """
    visit = await require_meeting(context, meeting_of(arguments))
    live = await context.deployment.peers.own(visit, session_name(arguments))
    if live is None:
        raise unknown_session()
    metadata = arguments.get("metadata")
    if metadata is not None:
        live.describe(_small(cast("Mapping[str, str | float | bool]", metadata)))
    if arguments["state"] == "closed":
        live.leave()
    else:
        live.driver.post(Reported(ConnectionState(str(arguments["state"]))))
    return None


async def close_session(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Close the caller's connection, if there is one."""
    visit = await require_meeting(context, meeting_of(arguments))
    live = await context.deployment.peers.own(visit, session_name(arguments))
    if live is not None:
        live.leave()
    return None


async def exchange_description(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Relay a description to a user, or negotiate with the media server."""
    visit = await require_meeting(context, meeting_of(arguments))
    description = cast("Mapping[str, str]", arguments["description"])
    if len(description["sdp"]) > MAX_SDP:
        raise convex_error("VALIDATION_ERROR", "The description is too long", 400)
    if _relay(context, visit, arguments, "sdp", description):
        return None
    name = session_name(arguments)
    match description["type"]:
        case "offer":
            await context.deployment.peers.offer(context, visit, name, description["sdp"])
        case "rollback":
            return None  # an offer is answered or refused before its mutation ends
        case _:
            raise convex_error("VALIDATION_ERROR", "The media server made no offer", 400)
    return None


async def exchange_candidate(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Relay a candidate to a user, or hand it to the media server."""
    visit = await require_meeting(context, meeting_of(arguments))
    candidate = cast("Mapping[str, Value]", arguments["candidate"])
    text = str(candidate["candidate"])
    if len(text) > MAX_CANDIDATE:
        raise convex_error("VALIDATION_ERROR", "The candidate is too long", 400)
    if not _relay(context, visit, arguments, "ice", candidate):
        name = session_name(arguments)
        await context.deployment.peers.candidate(context, visit, name, text)
    return None


async def mark_signals_processed(context: Context, arguments: Mapping[str, Value]) -> Value:
    """Forget signals that were for the caller; other ids mean nothing."""
    user_id = await user_of(context)
    ids = cast("list[str]", arguments["signalIds"])
    parsed = {parse_id(one, Table.WEBRTC_SIGNALS) for one in ids}
    context.deployment.signals.done(user_id, {one for one in parsed if one is not None})
    return None


def session_name(arguments: Mapping[str, Value]) -> str:
    """The client's name for its connection.

    Raises:
        FunctionFailure: `VALIDATION_ERROR`: it is empty or too long.
    """
    name = str(arguments["sessionId"])
    if not name.strip() or len(name) > MAX_NAME:
        raise convex_error("VALIDATION_ERROR", f"sessionId is 1 to {MAX_NAME} characters", 400)
    return name


def _relay(
    context: Context, visit: Visit, arguments: Mapping[str, Value], kind: str, data: Value
) -> bool:
    """Queue a signal for the user that a call names; False when it names none."""
    target = arguments.get("targetUserId")
    sender = visit.user
    if target is None:
        return False
    receiver = parse_id(str(target), Table.USERS) or ""  # the validator has seen it
    deployment = context.deployment
    if receiver == deployment.server_user:
        return False  # an answer to what the server sent, for clients that name its sender
    signal = Signal(new_id(), sender, session_name(arguments), kind, data, deployment.now_ms)
    deployment.signals.put(visit.meeting.id, receiver, signal)
    return True


def _small(metadata: Mapping[str, str | float | bool]) -> Mapping[str, str | float | bool]:
    texts = [value for value in metadata.values() if isinstance(value, str)]
    if len(metadata) > MAX_METADATA or any(
        len(text) > MAX_METADATA_TEXT for text in [*metadata, *texts]
    ):
        raise convex_error(
            "VALIDATION_ERROR",
            f"metadata has at most {MAX_METADATA} entries of {MAX_METADATA_TEXT} characters",
            400,
        )
    return metadata
