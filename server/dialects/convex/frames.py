"""Frames of the sync protocol: what clients send, taken apart, and what they are sent, written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from server.dialects.convex.jsontext import JsonTextError, parse_json
from server.dialects.convex.values import (
    Format,
    Json,
    Value,
    WireValueError,
    read_value,
    write_value,
)

MAX_U32 = (1 << 32) - 1
PING = '{"type":"Ping"}'


class FrameError(ValueError):
    """A frame breaks the protocol; the text goes to the client."""


@dataclass(frozen=True, slots=True)
class Connect:
    """The first frame.

    Attributes:
        session_id: The client's own name for itself; it outlives reconnects.
        client_ts: The client's clock in ms; 0 when it does not say.
        max_observed: Base64 of the latest timestamp that it saw.
    """

    session_id: str
    client_ts: float
    max_observed: str | None


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Another identity from now on; `value` is None for nobody."""

    base_version: int
    token_type: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Add:
    """A query to keep up to date."""

    query_id: int
    path: str
    arguments: Sequence[Value]


@dataclass(frozen=True, slots=True)
class ModifyQuerySet:
    """Queries to add, and ids of those to drop."""

    base_version: int
    new_version: int
    added: tuple[Add, ...]
    removed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A mutation or an action to be run once."""

    request_id: int
    path: str
    arguments: Sequence[Value]
    action: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the client tells about itself; nothing follows from it."""


Frame: TypeAlias = Connect | Authenticate | ModifyQuerySet | Request | Event


def read_frame(text: str) -> Frame:
    """Take a client's frame apart.

    Raises:
        FrameError: It is not JSON, not known or lacks a member.
    """
    try:
        parsed = parse_json(text.encode("utf-8", "surrogatepass"))
    except JsonTextError as error:
        raise _invalid(str(error)) from error
    if not isinstance(parsed, dict):
        raise _invalid("expected an object")
    match parsed.get("type"):
        case "Connect":
            return _connect(parsed)
        case "Authenticate":
            return _authenticate(parsed)
        case "ModifyQuerySet":
            return _modify(parsed)
        case "Mutation" | "Action" as kind:
            path, arguments = _text(parsed, "udfPath"), _arguments(parsed)
            return Request(_u32(parsed, "requestId"), path, arguments, kind == "Action")
        case "Event":
            return Event()
        case kind:
            raise _invalid(f"unknown message type {json.dumps(kind)[:64]}")


@dataclass(frozen=True, slots=True)
class Version:
    """Where a client stands."""

    query_set: int = 0
    identity: int = 0
    ts: str = "AAAAAAAAAAA="

    def text(self) -> str:
        """As the wire has it."""
        return f'{{"querySet":{self.query_set},"identity":{self.identity},"ts":"{self.ts}"}}'


def write_transition(
    start: Version, end: Version, changes: Sequence[str], skew: int | None, server_ts: int
) -> str:
    """The step from one version to the next, with what changed."""
    return (
        f'{{"type":"Transition","startVersion":{start.text()},"endVersion":{end.text()},'
        f'"modifications":[{",".join(changes)}],'
        f'"clientClockSkew":{"null" if skew is None else skew},"serverTs":{server_ts}}}'
    )


def write_updated(query_id: int, value: str) -> str:
    """A query has another value, given as text."""
    return (
        f'{{"type":"QueryUpdated","queryId":{query_id},"value":{value},'
        '"logLines":[],"journal":null}'
    )


def write_failed(query_id: int, message: str, data: Value) -> str:
    """A query fails."""
    return (
        f'{{"type":"QueryFailed","queryId":{query_id},"errorMessage":{json.dumps(message)},'
        f'"logLines":[],"journal":null{_error_data(data)}}}'
    )


def write_removed(query_id: int) -> str:
    """A query is no longer kept."""
    return f'{{"type":"QueryRemoved","queryId":{query_id}}}'


def write_done(request: Request, value: Value, ts: str) -> str:
    """A mutation or action gave a value."""
    tail = "" if request.action else f',"ts":"{ts}"'
    return (
        f'{{"type":"{_kind(request)}","requestId":{request.request_id},"success":true,'
        f'"result":{write_value(value, Format.ENCODED)}{tail},"logLines":[]}}'
    )


def write_not_done(request: Request, message: str, data: Value, ts: str | None = None) -> str:
    """A mutation or action failed; `ts` only for clients that wait for one."""
    tail = "" if request.action else f',"ts":{json.dumps(ts)}'
    return (
        f'{{"type":"{_kind(request)}","requestId":{request.request_id},"success":false,'
        f'"result":{json.dumps(message)}{tail},"logLines":[]{_error_data(data)}}}'
    )


def write_auth_error(message: str, base_version: int, *, attempted: bool) -> str:
    """The identity is not accepted, or no longer."""
    body = {
        "type": "AuthError",
        "error": message,
        "baseVersion": base_version,
        "authUpdateAttempted": attempted,
    }
    return json.dumps(body, separators=(",", ":"))


def write_fatal_error(message: str) -> str:
    """The client broke the protocol."""
    return json.dumps({"type": "FatalError", "error": message}, separators=(",", ":"))


def _kind(request: Request) -> str:
    return "ActionResponse" if request.action else "MutationResponse"


def _error_data(data: Value) -> str:
    return "" if data is None else f',"errorData":{write_value(data, Format.ENCODED)}'


def _connect(members: Mapping[str, Json]) -> Connect:
    client_ts = members.get("clientTs")
    observed = members.get("maxObservedTimestamp")
    return Connect(
        _text(members, "sessionId"),
        client_ts if isinstance(client_ts, float) and not isinstance(client_ts, bool) else 0.0,
        observed if isinstance(observed, str) else None,
    )


def _authenticate(members: Mapping[str, Json]) -> Authenticate:
    kind = _text(members, "tokenType")
    if kind not in ("User", "None", "Admin"):
        raise _invalid(f"unknown tokenType {json.dumps(kind)[:64]}")
    value = None if kind == "None" else _text(members, "value")
    return Authenticate(_u32(members, "baseVersion"), kind, value)


def _modify(members: Mapping[str, Json]) -> ModifyQuerySet:
    changes = members.get("modifications")
    if not isinstance(changes, list):
        raise _invalid("missing field `modifications`")
    added: list[Add] = []
    removed: list[int] = []
    for change in changes:
        if not isinstance(change, dict):
            raise _invalid("a modification is an object")
        query_id = _u32(change, "queryId")
        match change.get("type"):
            case "Add":
                added.append(Add(query_id, _text(change, "udfPath"), _arguments(change)))
            case "Remove":
                removed.append(query_id)
            case _:
                raise _invalid("a modification is Add or Remove")
    base, new = _u32(members, "baseVersion"), _u32(members, "newVersion")
    return ModifyQuerySet(base, new, tuple(added), tuple(removed))


def _text(members: Mapping[str, Json], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise _invalid(f"missing field `{name}`")
    return value


def _u32(members: Mapping[str, Json], name: str) -> int:
    value = members.get(name)
    if isinstance(value, float) and value.is_integer() and 0 <= value <= MAX_U32:
        return int(value)
    raise _invalid(f"`{name}` is not a u32")


def _arguments(members: Mapping[str, Json]) -> Sequence[Value]:
    wire = members.get("args")
    if not isinstance(wire, list):
        raise _invalid("missing field `args`")
    try:
        return [read_value(item) for item in wire]
    except WireValueError as error:
        raise _invalid(f"args: {error}") from error


def _invalid(fault: str) -> FrameError:
    return FrameError(f"Received Invalid JSON on websocket: {fault}")
