"""The life of one bot as data: which status may follow which, and what every end says. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from server.connectors.port import BotEnd, FailureCode


class BotStatus(StrEnum):
    """Where a bot stands."""

    INITIALIZING = "initializing"
    JOINING = "joining"
    ACTIVE = "active"
    RECORDING = "recording"
    LEAVING = "leaving"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Completed and failed are never left again."""
        return self in (BotStatus.COMPLETED, BotStatus.FAILED)


S = BotStatus

TABLE: Final[Mapping[BotStatus, frozenset[BotStatus]]] = {
    S.INITIALIZING: frozenset({S.JOINING, S.COMPLETED, S.FAILED}),
    S.JOINING: frozenset({S.ACTIVE, S.LEAVING, S.FAILED}),
    S.ACTIVE: frozenset({S.RECORDING, S.LEAVING, S.FAILED}),
    S.RECORDING: frozenset({S.LEAVING, S.FAILED}),
    S.LEAVING: frozenset({S.COMPLETED, S.FAILED}),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
}
"""Every transition passes here."""

_FINAL_CAUSES: Final = frozenset(
    {
        FailureCode.ADMISSION_DENIED,
        FailureCode.MEETING_NOT_FOUND,
        FailureCode.BLOCKED_BY_CAPTCHA,
        FailureCode.LOGIN_REQUIRED,
        FailureCode.PLATFORM_NOT_AVAILABLE,
    }
)


class IllegalMoveError(RuntimeError):
    """A bot was to take a step that TABLE does not have: a bug."""


class BotMachine:
    """Decides what becomes of a bot; never acts.

    Args:
        retries: Seconds before each further try to join.

    Attributes:
        status: Where the bot stands.
        end: Why it comes out, once known; a user's stop dominates every other reason.
        failure: Why it failed.
        attempts: Joins that failed for a passing cause.
    """

    def __init__(self, retries: Sequence[float]) -> None:
        self._retries = tuple(retries)
        self.status = S.INITIALIZING
        self.end: BotEnd | None = None
        self.failure: FailureCode | None = None
        self.attempts = 0

    def move(self, to: BotStatus) -> None:
        """Take one step.

        Raises:
            IllegalMoveError: TABLE does not have it; nothing changed.
        """
        if to not in TABLE[self.status]:
            raise IllegalMoveError(f"{self.status} does not lead to {to}")
        self.status = to

    def leave(self, reason: BotEnd) -> bool:
        """Begin to come out; False when there is nothing to wait for any more.

        A bot that has not set out is completed at once.
        """
        if self.status.final:
            return False
        if self.end is None or reason is BotEnd.STOPPED:
            self.end = reason
        if self.status is S.INITIALIZING:
            self.move(S.COMPLETED)
            return False
        if self.status is not S.LEAVING:
            self.move(S.LEAVING)
        return True

    def fail(self, code: FailureCode) -> bool:
        """The bot failed; False when it has ended, or was stopped and is completed instead."""
        if self.status.final:
            return False
        if self.end is BotEnd.STOPPED:
            self.move(S.COMPLETED)
            return False
        self.end = None
        self.failure = code
        self.move(S.FAILED)
        return True

    def retry(self, code: FailureCode, *, transient: bool) -> float | None:
        """Seconds until a failed join is tried again; None when it is not."""
        if self.status is not S.JOINING or not transient or code in _FINAL_CAUSES:
            return None
        if self.attempts >= len(self._retries):
            return None
        pause = self._retries[self.attempts]
        self.attempts += 1
        return pause
