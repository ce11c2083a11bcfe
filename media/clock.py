"""The one source of time: monotonic for deadlines, UTC for records; all else takes a Clock."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the rings ask about time."""

    def monotonic(self) -> float:
        """Seconds that never go back; the zero point is arbitrary."""
        ...

    def monotonic_ns(self) -> int:
        """The same clock in whole nanoseconds."""
        ...

    def utc(self) -> datetime:
        """The time of day, timezone-aware."""
        ...


class SystemClock:
    """The clocks of the operating system."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def monotonic_ns(self) -> int:
        """Nanoseconds that never go back."""
        return time.monotonic_ns()

    def utc(self) -> datetime:
        """The time of day, timezone-aware."""
        return datetime.now(UTC)
