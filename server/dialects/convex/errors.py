"""How this dialect says no: before a function ran, and as a function's own answer.

ConvexFault
    Rejection         4xx or 5xx with `code` and `message`: the function did not run
    FunctionFailure   HTTP 200 with `status: "error"`: the function ran, or could not be called
"""

import json
from collections.abc import Mapping

from server.dialects.convex.values import Value
from signaling.errors import RefusalKind, Refused


class ConvexFault(Exception):  # noqa: N818  (its kinds are named for what they are)
    """Root of what this dialect answers instead of a value."""


class Rejection(ConvexFault):
    """A request is turned away before any function runs.

    Args:
        status: HTTP status.
        code: CamelCase code that clients match on.
        message: The text that clients show.
        headers: More response headers.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class FunctionFailure(ConvexFault):
    """A function answers with an error.

    Args:
        text: What follows `Server Error` in the error message.
        data: The `errorData` of a ConvexError; None for other errors.
    """

    def __init__(self, text: str, data: Mapping[str, Value] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.data = data


def convex_error(code: str, message: str, status: int, **more: Value) -> FunctionFailure:
    """An expected refusal; its data survives where messages are redacted."""
    data: dict[str, Value] = {"code": code, "message": message, **more, "statusCode": float(status)}
    return FunctionFailure(f"Uncaught ConvexError: {_script_json(data)}", data)


def thrown_error(message: str) -> FunctionFailure:
    """A plain error that a function throws."""
    return FunctionFailure(f"Uncaught Error: {message}")


def refusal(refused: Refused) -> FunctionFailure:
    """What a service refuses, as an expected error of a function."""
    code, status = _REFUSALS[refused.kind]
    return convex_error(code, refused.message, status, reason=refused.code)


_REFUSALS: Mapping[RefusalKind, tuple[str, int]] = {
    RefusalKind.INVALID: ("VALIDATION_ERROR", 400),
    RefusalKind.UNAUTHENTICATED: ("UNAUTHORIZED", 401),
    RefusalKind.FORBIDDEN: ("FORBIDDEN", 403),
    RefusalKind.NOT_FOUND: ("NOT_FOUND", 404),
    RefusalKind.CONFLICT: ("CONFLICT", 409),
    RefusalKind.GONE: ("VALIDATION_ERROR", 400),
    RefusalKind.TOO_LARGE: ("VALIDATION_ERROR", 400),
    RefusalKind.TOO_MANY: ("RATE_LIMITED", 429),
    RefusalKind.UNAVAILABLE: ("UNAVAILABLE", 503),
    RefusalKind.STORAGE_FULL: ("UNAVAILABLE", 503),
}


def invalid_arguments(text: str) -> FunctionFailure:
    """Arguments that do not fit their validator."""
    return FunctionFailure(f"ArgumentValidationError: {text}")


def _script_json(value: Value) -> str:
    """JSON as JavaScript writes it: whole numbers without a fraction."""
    return json.dumps(_script_value(value), ensure_ascii=False, separators=(",", ":"))


def _script_value(value: Value) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _script_value(value[key]) for key in sorted(value)}
    return value
