"""Answers in the dialect's envelope, and refusals on their way to one."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from aiohttp import web

from server.facts import utc_text

_NO_RETRY = {"x-should-retry": "false"}


class KitError(Exception):
    """A refusal.

    Args:
        status: HTTP status; also the code in the body.
        message: For a person; clients compare some of them to the letter.
        headers: Extra response headers.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def not_found(thing: str, wanted: str) -> NoReturn:
    """Raises KitError 404 `No <thing> found with id <id>`."""
    raise KitError(404, f"No {thing} found with id {wanted}")


def no_session(meeting: str) -> KitError:
    """The 404 of everything that needs somebody in the meeting."""
    return KitError(404, f"No active session found for meeting_id {meeting}")


def bad(message: str) -> KitError:
    """A 400."""
    return KitError(400, f"BAD_REQUEST: {message}")


def success(data: object, status: int = 200, **beside: object) -> web.Response:
    """`{"success": true, "data": ...}`, with more members beside `data`."""
    return _json({"success": True, "data": data, **beside}, status)


def failure(error: KitError) -> web.Response:
    """The envelope of a refusal; `errors` is what clients show, `error` what integrators read."""
    one = {"code": error.status, "message": error.message}
    body: dict[str, object] = {"success": False, "error": one, "errors": [one]}
    headers = dict(error.headers)
    if error.status == 401:  # the gateway's body
        body |= {
            "errors": [{"code": 10000, "message": error.message}],
            "messages": [],
            "result": None,
        }
        headers["WWW-Authenticate"] = "Bearer"
    if error.status >= 409:
        headers = {**_NO_RETRY, **headers}
    return _json(body, error.status, headers)


def time_text(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds."""
    return None if at is None else utc_text(at)


def whole_ms(at: datetime) -> datetime:
    """A moment without its microseconds."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _json(body: object, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
