"""How often, and when, a disk that failed is asked again; pure."""

RETRY_NS = 5_000_000_000
ATTEMPTS = 3
"""Failures in a row after which a disk is not asked again."""
FORGIVEN_NS = 60_000_000_000
"""A file that lived this long ends a row of failures."""


class Attempts:
    """The tries of one track.

    Attributes:
        given_up: The disk is not asked again.
    """

    def __init__(self) -> None:
        self.given_up = False
        self._failures = 0
        self._retry_ns: int | None = None

    def are_resting(self, now_ns: int) -> bool:
        """Whether a failed disk is left alone for now."""
        return self.given_up or (self._retry_ns is not None and now_ns < self._retry_ns)

    def go_on(self) -> bool:
        """The disk is asked now; True the first time after a failure."""
        rested, self._retry_ns = self._retry_ns is not None, None
        return rested

    def failed(self, now_ns: int, begun_ns: int | None) -> bool:
        """It failed; False when that was the last time.

        Args:
            now_ns: The moment.
            begun_ns: When the file began that it failed in; None without one.
        """
        if begun_ns is not None and now_ns - begun_ns >= FORGIVEN_NS:
            self._failures = 0
        self._failures += 1
        self._retry_ns = now_ns + RETRY_NS
        self.given_up = self._failures >= ATTEMPTS
        return not self.given_up
