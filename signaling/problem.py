"""Problem details (RFC 9457) for the HTTP answers of this ring, and statuses of refusals."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from signaling.errors import RefusalKind, Refused

STATUSES: Mapping[RefusalKind, HTTPStatus] = {
    RefusalKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusalKind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    RefusalKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    RefusalKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalKind.CONFLICT: HTTPStatus.CONFLICT,
    RefusalKind.GONE: HTTPStatus.GONE,
    RefusalKind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RefusalKind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    RefusalKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    RefusalKind.STORAGE_FULL: HTTPStatus.INSUFFICIENT_STORAGE,
}

# Long enough for people to leave or a server to restart, short enough to be tried again.
RETRY_AFTER_SECONDS = "5"


def problem(
    status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error answer as application/problem+json."""
    more = dict(headers or {})
    if status is HTTPStatus.UNAUTHORIZED:
        more.setdefault("WWW-Authenticate", "Bearer")
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        more.setdefault("Retry-After", RETRY_AFTER_SECONDS)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    return web.json_response(
        body, status=status, headers=more, content_type="application/problem+json"
    )


def refusal_problem(refusal: Refused) -> web.Response:
    """The answer to something refused. A full meeting may have room later (RFC 9725: 503)."""
    status = STATUSES[refusal.kind]
    if refusal.code == "meeting_full":
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return problem(status, refusal.code, refusal.message)
