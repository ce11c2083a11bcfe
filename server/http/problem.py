"""Refusals as `application/problem+json` (RFC 9457): one form for every 4xx and 5xx.

Whatever a service or the web framework raises is turned into a `Problem` here, once.
"""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json

from signaling.errors import RefusalKind, Refused

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5  # long enough for a restart to finish its drain

STATUS_OF_KIND: Mapping[RefusalKind, int] = {
    RefusalKind.INVALID: 422,
    RefusalKind.UNAUTHENTICATED: 401,
    RefusalKind.FORBIDDEN: 403,
    RefusalKind.NOT_FOUND: 404,
    RefusalKind.CONFLICT: 409,
    RefusalKind.GONE: 410,
    RefusalKind.TOO_LARGE: 413,
    RefusalKind.TOO_MANY: 429,
    RefusalKind.UNAVAILABLE: 503,
    RefusalKind.STORAGE_FULL: 507,
}

_CODE_OF_STATUS: Mapping[int, str] = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    417: "expectation_failed",
    500: "internal",
}


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="`body`, `query` or `path`.")
    field: str = Field(description="Dotted place inside it; empty for the whole.")
    message: str = Field(description="What is wrong, in a sentence.")


class ProblemBody(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(description="A URI that names the kind of problem: stable per `code`.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence about this occurrence, for a person.")
    code: str = Field(description="Stable and machine-readable, such as `meeting_not_found`.")
    request_id: str = Field(description="Also in the `X-Request-Id` header and in the log.")
    errors: list[FieldError] | None = Field(
        default=None, description="With `invalid_request`: each thing that is wrong."
    )


class Problem(Exception):  # noqa: N818  (RFC 9457's own word)
    """A refusal on its way to the client.

    Args:
        status: HTTP status, 400 to 599.
        code: Stable machine-readable code.
        detail: One sentence for a person.
        data: Extra members.
        headers: Extra response headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.data = dict(data or {})
        self.headers = dict(headers or {})
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", "Bearer")
        if status in (429, 503):
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))

    def body(self, request_id: str) -> dict[str, object]:
        """The document's members; extra data never hides a standard one."""
        return {
            **self.data,
            "type": f"urn:roomtone:problem:{self.code}",
            "title": phrase(self.status),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
        }

    def response(self, request_id: str) -> web.Response:
        """The answer to send; never cached."""
        return web.Response(
            status=self.status,
            body=to_json(self.body(request_id)),
            content_type=CONTENT_TYPE,
            headers={"Cache-Control": "no-store", **self.headers},
        )


def complete(response: web.StreamResponse, request_id: str) -> None:
    """Give a problem that another ring wrote what only this one knows: the request's id."""
    if not isinstance(response, web.Response) or response.content_type != CONTENT_TYPE:
        return
    members = from_json(response.body) if isinstance(response.body, bytes) else {}
    if "request_id" in members:
        return
    response.body = to_json(
        {
            **members,
            "type": f"urn:roomtone:problem:{members.get('code', 'request_refused')}",
            "request_id": request_id,
        }
    )


def phrase(status: int) -> str:
    """The reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def from_refusal(refused: Refused) -> Problem:
    """A service's refusal as a problem."""
    headers: dict[str, str] = {}
    if refused.kind is RefusalKind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return Problem(
        STATUS_OF_KIND[refused.kind],
        refused.code,
        refused.message,
        data=refused.data,
        headers=headers,
    )


def from_framework(error: web.HTTPException, path: str) -> Problem:
    """What aiohttp raises by itself (no route, wrong method, body too large) as a problem."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(
        error.status,
        _CODE_OF_STATUS.get(error.status, "request_refused"),
        _detail(error, path),
        headers=headers,
    )


def _detail(error: web.HTTPException, path: str) -> str:
    match error:
        case web.HTTPNotFound():
            return f"There is nothing at {path[:200]}."
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return f"{error.method[:20]} is not possible here; {allowed} is."
        case web.HTTPRequestEntityTooLarge():
            return "The request body is larger than this server accepts."
        case _:
            return phrase(error.status) + "."
