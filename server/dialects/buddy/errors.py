"""The dialect's refusals: one envelope, stable codes, and what the services' codes become."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aiohttp import web

from server.dialects.buddy.times import instant
from server.http.problem import STATUS_OF_KIND
from signaling.errors import RefusalKind, Refused


class BuddyError(Exception):
    """A refusal in the dialect's words.

    Args:
        status: HTTP status.
        code: Stable.
        message: For a person.
        details: What it is about, such as `field`.
        headers: More response headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})
        self.headers = dict(headers or {})


def unauthenticated() -> BuddyError:
    """Nothing that was shown is good."""
    text = "Authentication is required to access this resource."
    return BuddyError(401, "AUTHENTICATION_REQUIRED", text)


def invalid(field: str, message: str) -> BuddyError:
    """A field of body or query is not what it must be."""
    return BuddyError(422, "VALIDATION_ERROR", message, {"field": field})


def missing(code: str = "NOT_FOUND") -> BuddyError:
    """There is no such thing here."""
    return BuddyError(404, code, _MISSING.get(code, "There is nothing here."))


_MISSING: Final = {
    "SESSION_NOT_FOUND": "There is no such session.",
    "RECORDING_NOT_FOUND": "The session has no recording yet.",
}
_RETRY: Final = {"Retry-After": "30"}
_LINK: Final = {"field": "meeting_link"}
_CODES: Final[Mapping[str, tuple[int, str, Mapping[str, object], Mapping[str, str]]]] = {
    "invalid_link": (422, "INVALID_MEETING_LINK", _LINK, {}),
    "unsupported_platform": (422, "UNSUPPORTED_PLATFORM", _LINK, {}),
    "idempotency_key_reused": (422, "VALIDATION_ERROR", {"field": "Idempotency-Key"}, {}),
    "bot_limit_reached": (429, "BOT_LIMIT_REACHED", {}, _RETRY),
    "bot_not_found": (404, "SESSION_NOT_FOUND", {}, {}),
    "bot_not_finished": (503, "SESSION_NOT_FINISHED", {}, {"Retry-After": "5"}),
    "recording_not_ready": (503, "SESSION_NOT_FINISHED", {}, {"Retry-After": "5"}),
    "recording_held": (403, "FORBIDDEN", {}, {}),
    "recording_not_found": (404, "RECORDING_NOT_FOUND", {}, {}),
    "unsupported_language": (422, "VALIDATION_ERROR", {"field": "transcription_language"}, {}),
    "transcription_unavailable": (503, "TRANSCRIPTION_UNAVAILABLE", {}, _RETRY),
    "server_draining": (503, "SERVICE_UNAVAILABLE", {}, {"Retry-After": "5"}),
}


def from_refusal(refused: Refused, session_id: str | None) -> BuddyError:
    """A service's refusal in the dialect's words.

    Args:
        refused: What the service said.
        session_id: The dialect's id of the bot that it names, if it names one.
    """
    if refused.code == "bot_running":
        about = {"session_id": session_id}
        return BuddyError(422, "SESSION_ALREADY_ACTIVE", refused.message, about)
    known = _CODES.get(refused.code)
    if known is None:
        conflict = refused.kind is RefusalKind.CONFLICT  # 409 the client would repeat
        status = 422 if conflict else STATUS_OF_KIND[refused.kind]
        return BuddyError(status, refused.code.upper(), refused.message)
    status, code, details, headers = known
    return BuddyError(status, code, refused.message, details, headers)


def envelope(error: BuddyError, trace_id: str, at: datetime) -> web.Response:
    """A refusal as it is sent."""
    kind = "server_error" if error.status >= 500 else "client_error"
    body = {
        "success": False,
        "error": {
            "code": error.code,
            "message": error.message,
            "type": kind,
            "status": error.status,
            "details": error.details,
            "trace_id": trace_id,
            "timestamp": instant(at),
        },
    }
    return web.json_response(body, status=error.status, headers=error.headers)
