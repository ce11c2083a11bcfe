"""What a request asks for: its body or query string, read in the order that clients rely on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from aiohttp import web

from server.auth.principal import ANONYMOUS, Principal, PrincipalKind
from server.dialects.convex.client import ClientVersion, read_client
from server.dialects.convex.errors import Rejection
from server.dialects.convex.identity import read_credential
from server.dialects.convex.jsontext import JsonTextError, end_of, parse_json
from server.dialects.convex.timestamps import decode_ts
from server.dialects.convex.values import FORMATS, Format, Json, Value, WireValueError, read_value

MAX_BODY_BYTES = 16 * 1024 * 1024 + 2000
MAX_ANONYMOUS_BODY_BYTES = 1 << 20
"""Parsing takes time from everybody's media, so more of it is for known callers only."""

MAX_BATCH = 256
"""Queries in one request."""

_JSON_TYPE = "application/json"
_TYPE_WORDS: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    str: "string",
    float: "floating point",
    list: "sequence",
    dict: "map",
}

Identify: TypeAlias = Callable[[str | None], Awaitable[Principal]]


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """A call of a function as it came in.

    Attributes:
        path: The function's name as written; None when the address names it.
        arguments: Positional arguments, of which there should be one.
        format: Word for the wanted format, unchecked; None takes the client's default.
        credential: What the caller showed.
    """

    path: str | None
    arguments: Sequence[Value]
    format: str | None
    client: ClientVersion
    principal: Principal
    credential: str | None = None


async def read_post(
    request: web.Request, identify: Identify, *, with_path: bool, at_timestamp: bool = False
) -> FunctionRequest:
    """A call in a JSON body; the credential is checked after the body, as clients expect.

    Args:
        request: The request.
        identify: Tells who is behind a credential.
        with_path: Whether the body names the function.
        at_timestamp: Whether the body must say as of when.

    Raises:
        Rejection: 400 or 401.
    """
    credential = read_credential(request.headers)
    client = read_client(request.headers.get("Convex-Client"))
    fields, place = await _read_object(request, identify, credential)
    call = _call(fields, place, client, with_path=with_path)
    if at_timestamp:
        _check_timestamp(_text(_required(fields, "ts", place), "ts", place))
    return replace(call, principal=await identify(credential), credential=credential)


async def read_batch(request: web.Request, identify: Identify) -> Sequence[FunctionRequest]:
    """Several calls in one body: `{"queries": [{"path", "args", "format"}]}`.

    Raises:
        Rejection: 400 or 401.
    """
    credential = read_credential(request.headers)
    client = read_client(request.headers.get("Convex-Client"))
    fields, place = await _read_object(request, identify, credential)
    queries = _required(fields, "queries", place)
    if not isinstance(queries, list):
        kind = _TYPE_WORDS[type(queries)]
        raise _mistyped(f"queries: invalid type: {kind}, expected a sequence {place}")
    if len(queries) > MAX_BATCH:
        raise _mistyped(f"queries: at most {MAX_BATCH} of them {place}")
    calls = [_call(_object(one, place), place, client, with_path=True) for one in queries]
    principal = await identify(credential)
    return [replace(call, principal=principal, credential=credential) for call in calls]


async def read_get(request: web.Request, identify: Identify) -> FunctionRequest:
    """A call in the query string: `path`, `args` as JSON, and perhaps `format`.

    Raises:
        Rejection: 400 or 401.
    """
    credential = read_credential(request.headers)
    client = read_client(request.headers.get("Convex-Client"))
    for name in ("path", "args"):
        if name not in request.query:
            raise Rejection(
                400, "BadQueryArgs", f"Failed to deserialize query string: missing field `{name}`"
            )
    text = request.query["args"]
    try:
        arguments = _arguments(parse_json(text.encode("utf-8", "replace")), end_of(text))
    except JsonTextError as error:
        raise Rejection(
            400, "BadQueryArgs", f"Failed to parse the query string's args as JSON: {error}"
        ) from error
    return FunctionRequest(
        request.query["path"],
        arguments,
        request.query.get("format"),
        client,
        await identify(credential),
        credential,
    )


def chosen_format(request: FunctionRequest, default: Format | None = None) -> Format:
    """How the value is to be written; checked after the function ran, as in Convex.

    Args:
        request: What came in.
        default: The route's own default; None takes the client's.

    Raises:
        Rejection: 400 `BadFormat`.
    """
    if request.format is None:
        return default or request.client.default_format
    form = FORMATS.get(request.format)
    if form is None:
        raise Rejection(
            400, "BadFormat", f"format param must be one of [`json`]. Got {request.format}"
        )
    return form


async def _read_object(
    request: web.Request, identify: Identify, credential: str | None
) -> tuple[Mapping[str, Json], str]:
    """The body's members, and the place that faults are told at."""
    body = await _read_body(request, identify, credential)
    try:
        parsed = parse_json(body)
    except JsonTextError as error:
        raise _bad_json(f"Failed to parse the request body as JSON: {error}") from error
    place = end_of(body.decode())
    return _object(parsed, place), place


def _call(
    fields: Mapping[str, Json], place: str, client: ClientVersion, *, with_path: bool
) -> FunctionRequest:
    path = _text(_required(fields, "path", place), "path", place) if with_path else None
    arguments = _arguments(_required(fields, "args", place), place)
    form = fields.get("format")
    word = None if form is None else _text(form, "format", place)
    return FunctionRequest(path, arguments, word, client, ANONYMOUS)


def _check_timestamp(text: str) -> None:
    """Any timestamp is answered with the latest state; what is none is refused."""
    try:
        _ = decode_ts(text)
    except ValueError as error:
        raise _bad_json(f"Invalid timestamp: {error}") from error


async def _read_body(request: web.Request, identify: Identify, credential: str | None) -> bytes:
    kind = request.content_type
    if not (kind == _JSON_TYPE or (kind.startswith("application/") and kind.endswith("+json"))):
        raise _bad_json("Expected request with `Content-Type: application/json`")
    body = bytearray()
    limit = MAX_ANONYMOUS_BODY_BYTES
    async for chunk in request.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > limit == MAX_ANONYMOUS_BODY_BYTES:
            principal = await identify(credential)
            known = principal.kind is not PrincipalKind.ANONYMOUS
            limit = MAX_BODY_BYTES if known else limit
        if len(body) > limit:
            raise _bad_json("Failed to buffer the request body: length limit exceeded")
    return bytes(body)


def _object(parsed: Json, place: str) -> Mapping[str, Json]:
    if not isinstance(parsed, dict):
        raise _mistyped(f"invalid type: {_TYPE_WORDS[type(parsed)]}, expected a map {place}")
    return parsed


def _required(fields: Mapping[str, Json], name: str, place: str) -> Json:
    if name not in fields:
        raise _mistyped(f"missing field `{name}` {place}")
    return fields[name]


def _text(value: Json, name: str, place: str) -> str:
    if not isinstance(value, str):
        kind = _TYPE_WORDS[type(value)]
        raise _mistyped(f"{name}: invalid type: {kind}, expected a string {place}")
    return value


def _arguments(wire: Json, place: str) -> Sequence[Value]:
    """Positional arguments: a list of them, or the one object by itself."""
    if not isinstance(wire, list | dict):
        kind = _TYPE_WORDS[type(wire)]
        raise _mistyped(f"args: invalid type: {kind}, expected a map or a sequence {place}")
    try:
        return [read_value(item) for item in (wire if isinstance(wire, list) else [wire])]
    except WireValueError as error:
        raise _mistyped(f"args: {error} {place}") from error


def _mistyped(fault: str) -> Rejection:
    return _bad_json(f"Failed to deserialize the JSON body into the target type: {fault}")


def _bad_json(message: str) -> Rejection:
    return Rejection(400, "BadJsonBody", message)
