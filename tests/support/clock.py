"""Clocks that go as a test needs them."""

from datetime import UTC, datetime, timedelta

from media.clock import SystemClock


class FakeClock:
    """Moves only when the test says so. Satisfies `media.clock.Clock`.

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


class PatientClock(SystemClock):
    """Goes with the system's, but on a busy machine it waits: no look finds it far ahead.

    For what is paced by sleeping, so that a late loop is a matter of the test alone.

    Attributes:
        stands: Time does not pass.
    """

    MOST_NS = 20_000_000

    def __init__(self) -> None:
        self.stands = False
        self._ns = self._looked_ns = super().monotonic_ns()

    def monotonic(self) -> float:
        return self.monotonic_ns() / 1e9

    def monotonic_ns(self) -> int:
        now_ns = super().monotonic_ns()
        if not self.stands:
            self._ns += min(now_ns - self._looked_ns, self.MOST_NS)
        self._looked_ns = now_ns
        return self._ns

    def leap(self, seconds: float) -> None:
        """Be ahead by so much at the next look, as after a loop that hung."""
        self._ns += round(seconds * 1e9)
