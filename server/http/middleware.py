"""What every request passes: id, log, safe headers, body limit, host check, error mapping."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from aiohttp import web

from server.http.auth import is_local_name
from server.http.call import APP, REQUEST_ID, request_id_of
from server.http.cors import answer_preflight, cors_headers
from server.http.problem import Problem, complete, from_framework, from_refusal
from server.services.context import App
from signaling.errors import Refused
from signaling.ids import new_id

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

NATIVE_PREFIX = "/v1/"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; "
    "connect-src 'self' ws: wss:; "  # Safari does not count ws: as 'self'
    "media-src 'self' blob:; "
    "img-src 'self' data: blob:; "
    "style-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = "max-age=31536000"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_log = structlog.get_logger("server.http")


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: the headers that every response carries, streams included."""
    app = request.app[APP]
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if app.settings.public_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    response.headers["X-Request-Id"] = request_id_of(request)
    for name, value in cors_headers(request, app.settings.http.allowed_origins).items():
        response.headers[name] = value
    response.headers.popall("Server", None)


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Name the request, time it, and write its line into the log: path only, no query."""
    app = request.app[APP]
    given = request.headers.get("X-Request-Id", "")
    request[REQUEST_ID] = given if _REQUEST_ID.fullmatch(given) else new_id()
    started = app.clock.monotonic()
    status = 499  # the client went away: nginx's number for it
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        seconds = app.clock.monotonic() - started
        _record(app, request, status, seconds)


def _record(app: App, request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "(none)"
    method = request.method if request.method in _METHODS else "(other)"
    app.metrics.requests.labels(method, route, str(status)).observe(seconds)
    write = _log.error if status >= 500 else _log.info if method in _CHANGING else _log.debug
    write(
        "http request",
        method=method,
        path=route if "{token}" in route else request.path[:200],  # such a path is a secret
        status=status,
        seconds=round(seconds, 4),
        request_id=request_id_of(request),
        remote=request.remote,
    )


_CHANGING = frozenset({"POST", "PATCH", "DELETE"})
_METHODS = _CHANGING | {"GET", "HEAD", "OPTIONS", "PUT"}


@web.middleware
async def map_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal and every fault into one form; the only place that does."""
    try:
        response = await handler(request)
    except Problem as problem:
        answer = problem
    except Refused as refused:
        answer = from_refusal(refused)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = from_framework(error, request.path)
    except ConnectionError:
        raise  # the client is gone; there is nobody to answer
    except Exception:  # noqa: BLE001  (the edge: logged with its trace, answered without)
        _log.exception("request failed", request_id=request_id_of(request), path=request.path[:200])
        answer = Problem(500, "internal", "Something went wrong here; the log has the request id.")
    else:
        complete(response, request_id_of(request))
        return response
    return answer.response(request_id_of(request))


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what no route should see: too large bodies and, in development mode, other hosts."""
    settings = request.app[APP].settings
    if settings.dev and not _host_is_ours(request):
        raise Problem(
            421,
            "unknown_host",
            "Development mode answers browsers at localhost only; set http.public_url for others.",
        )
    limit = settings.http.max_body_bytes
    if request.path.startswith(NATIVE_PREFIX) and (request.content_length or 0) > limit:
        raise Problem(413, "body_too_large", f"At most {limit} bytes are accepted.")
    preflight = answer_preflight(request, settings.http.allowed_origins)
    return preflight if preflight is not None else await handler(request)


def _host_is_ours(request: web.Request) -> bool:
    """Whether a browser reached us by a name of ours: keeps DNS rebinding out.

    A page of a foreign domain that resolves to 127.0.0.1 would otherwise be "same origin" with a
    server that asks for no sign-in. Programs other than browsers name any host they like.
    """
    if "Sec-Fetch-Site" not in request.headers and "Origin" not in request.headers:
        return True
    settings = request.app[APP].settings
    known = {origin.partition("://")[2].lower() for origin in settings.http.allowed_origins}
    known.add(settings.public_url.partition("://")[2].partition("/")[0].lower())
    return request.host.lower() in known or is_local_name(request.host)
