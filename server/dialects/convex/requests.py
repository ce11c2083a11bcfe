"""What a request asks for: its body or query string, read in the order that clients rely on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from server.auth.principal import Principal, PrincipalKind
from server.dialects.convex.client import ClientVersion, read_client
from server.dialects.convex.errors import Rejection
from server.dialects.convex.identity import read_credential
from server.dialects.convex.jsontext import JsonTextError, end_of, parse_json
from server.dialects.convex.values import FORMATS, Format, Json, Value, WireValueError, read_value

MAX_BODY_BYTES = 16 * 1024 * 1024 + 2000
MAX_ANONYMOUS_BODY_BYTES = 1 << 20
"""Parsing takes time from everybody's media, so more of it is for known callers only."""

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
    """

    path: str | None
    arguments: Sequence[Value]
    format: str | None
    client: ClientVersion
    principal: Principal


async def read_post(
    request: web.Request, identify: Identify, *, with_path: bool
) -> FunctionRequest:
    """A call in a JSON body; the credential is checked after the body, as clients expect.

    Raises:
        Rejection: 400 or 401.
    """
    credential = read_credential(request.headers)
    client = read_client(request.headers.get("Convex-Client"))
    body = await _read_body(request, identify, credential)
    try:
        parsed = parse_json(body)
    except JsonTextError as error:
        raise _bad_json(f"Failed to parse the request body as JSON: {error}") from error
    place = end_of(body.decode())
    fields = _object(parsed, place)
    path = _text(_required(fields, "path", place), "path", place) if with_path else None
    arguments = _arguments(_required(fields, "args", place), place)
    form = fields.get("format")
    return FunctionRequest(
        path,
        arguments,
        None if form is None else _text(form, "format", place),
        client,
        await identify(credential),
    )


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
