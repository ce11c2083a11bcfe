"""A clock that moves only when the test says so."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Satisfies `media.clock.Clock`.

    Args:
        start: First monotonic reading in seconds.
        utc: Time of day at that moment.
    """

    def __init__(
        self, start: float = 1000.0, utc: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    ) -> None:
        self._ns = round(start * 1e9)
        self._utc = utc

    def monotonic(self) -> float:
        return self._ns / 1e9

    def monotonic_ns(self) -> int:
        return self._ns

    def utc(self) -> datetime:
        return self._utc

    def advance(self, seconds: float) -> None:
        """Move all readings forward together."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._ns += round(seconds * 1e9)
        self._utc += timedelta(seconds=seconds)

    def step_utc(self, seconds: float) -> None:
        """Set the time of day forward or back, as an operator or NTP may; monotonic time stays."""
        self._utc += timedelta(seconds=seconds)
