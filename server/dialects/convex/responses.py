"""Responses of the dialect: the envelopes, their errors, and the CORS headers on all of them."""

import json
import re
import secrets
from collections.abc import Sequence

from aiohttp import web

from server.dialects.convex.errors import FunctionFailure, Rejection
from server.dialects.convex.values import Format, Value, write_value

_METHODS = "GET,POST,OPTIONS,PATCH,DELETE,PUT"
_MAX_AGE = "86400"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def success(value: Value, form: Format) -> web.Response:
    """A function's value."""
    return _json_response(200, success_text(value, form))


def success_text(value: Value, form: Format) -> str:
    """The envelope of a value."""
    return f'{{"status":"success","value":{write_value(value, form)}}}'


def failure(
    failed: FunctionFailure, request_id: str, form: Format, *, redact: bool = False
) -> web.Response:
    """A function's error: HTTP 200, as Convex has it."""
    return _json_response(200, failure_text(failed, request_id, form, redact=redact))


def error_message(text: str, request_id: str, *, redact: bool) -> str:
    """What clients show; redacted it says only that something went wrong."""
    head = f"[Request ID: {request_id}] Server Error"
    return head if redact else f"{head}\n{text}\n"


def failure_text(
    failed: FunctionFailure, request_id: str, form: Format, *, redact: bool = False
) -> str:
    """The envelope of a function's error."""
    message = error_message(failed.text, request_id, redact=redact)
    body = f'{{"status":"error","errorMessage":{json.dumps(message, ensure_ascii=False)}'
    if failed.data is not None:
        body += f',"errorData":{write_value(failed.data, form)}'
    return body + "}"


def results(texts: Sequence[str]) -> web.Response:
    """The answer to a batch."""
    return _json_response(200, f'{{"results":[{",".join(texts)}]}}')


def timestamp(text: str) -> web.Response:
    """As of when a later query may ask."""
    return _json_response(200, json.dumps({"ts": text}))


def rejected(rejection: Rejection) -> web.Response:
    """A request that no function saw; clients need both members."""
    body = {"code": rejection.code, "message": rejection.message}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    response = _json_response(rejection.status, text)
    response.headers.update(rejection.headers)
    if rejection.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def preflight() -> web.Response:
    """The answer to any OPTIONS request."""
    return web.Response(status=200)


def wrong_method(allowed: frozenset[str]) -> web.Response:
    """405 with an empty body."""
    return web.Response(status=405, headers={"Allow": ",".join(sorted(allowed))})


def add_cors(request: web.Request, response: web.Response) -> None:
    """Let pages of every origin read the response: these routes know no cookie."""
    headers = response.headers
    headers["Vary"] = "origin, access-control-request-headers"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    origin = request.headers.get("Origin")
    if origin is None:
        return
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = _METHODS
        headers["Access-Control-Max-Age"] = _MAX_AGE
        wanted = request.headers.get("Access-Control-Request-Headers")
        if wanted is not None:
            headers["Access-Control-Allow-Headers"] = wanted


def request_id_of(request: web.Request) -> str:
    """The id that the caller gave the request, else a fresh one of 16 hex digits."""
    given = request.headers.get("convex-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _json_response(status: int, text: str) -> web.Response:
    """Names may hold lone surrogates, which UTF-8 cannot carry: they become question marks."""
    return web.Response(
        status=status, body=text.encode("utf-8", "replace"), content_type="application/json"
    )
