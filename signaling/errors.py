"""Errors of the control plane; each has a stable code that edges map once to their own form.

SignalingError
    Refused                  the caller may not, or cannot now; carries code, message and a kind
    IllegalTransitionError   a machine got an event that its state cannot meet: a bug
"""

from enum import StrEnum, auto


class RefusalKind(StrEnum):
    """What sort of refusal, so that an edge can choose a status without knowing every code."""

    INVALID = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    CONFLICT = auto()
    GONE = auto()
    TOO_LARGE = auto()
    TOO_MANY = auto()
    UNAVAILABLE = auto()
    STORAGE_FULL = auto()


class SignalingError(Exception):
    """Root of everything the control plane raises on purpose."""


class Refused(SignalingError):  # noqa: N818  (a refusal is an answer, not a fault)
    """The request is understood and refused.

    Args:
        kind: What sort of refusal.
        code: Stable machine-readable code such as `meeting_full`.
        message: One sentence for a person.
        data: Extra members for the answer, for example the id of what already runs.
    """

    def __init__(
        self, kind: RefusalKind, code: str, message: str, data: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message
        self.data = data or {}


class IllegalTransitionError(SignalingError):
    """A machine's table has no row for this state and event; nothing changed.

    Args:
        state: Where the machine stands.
        event: What it was given.
    """

    def __init__(self, state: str, event: object) -> None:
        super().__init__(f"{type(event).__name__} cannot happen while {state}")
        self.state = state
        self.event = event
