"""How much one key or user may ask for, told with every answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from media.clock import Clock
from server.auth.principal import Principal

WINDOW_SECONDS: Final = 60.0
REMEMBERED: Final = 10_000
"""Keys and users whose windows are kept; the longest unseen go first."""


@dataclass(slots=True)
class Window:
    """Requests of one key or user in the minute since their first.

    Attributes:
        ends_at: On the monotonic clock.
        left: Requests that may still come.
    """

    ends_at: float
    left: int


class RequestLimit:
    """Counts requests by key or user.

    Args:
        clock: The process's clock.
        per_minute: Requests of each.
    """

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._windows: dict[str, Window] = {}

    def take(self, principal: Principal) -> tuple[bool, Mapping[str, str]]:
        """Count a request; False when there were too many, and the headers that tell how it is."""
        now = self._clock.monotonic()
        who = f"{principal.account} {principal.key_id or principal.sub or ''}"
        window = self._windows.pop(who, None)
        if window is None or window.ends_at <= now:
            window = Window(now + WINDOW_SECONDS, self._per_minute)
        self._windows[who] = window  # last in order
        if len(self._windows) > REMEMBERED:
            del self._windows[next(iter(self._windows))]
        allowed = window.left > 0
        window.left = max(0, window.left - 1)
        return allowed, {
            "x-ratelimit-limit-requests": str(self._per_minute),
            "x-ratelimit-remaining-requests": str(window.left),
            "x-ratelimit-reset-requests": str(max(1, round(window.ends_at - now))),
        }
