"""Where a track's packets lie on this machine's monotonic clock."""

from typing import Final

from media.rtp.opus import TICKS_PER_SECOND

JUMP_TICKS: Final = TICKS_PER_SECOND
"""A timestamp that leaps by more than a second begins a new time line."""
LATE_NS: Final = 1_000_000_000
"""So does a packet that is so much later than its timestamp says."""
_CYCLE: Final = 1 << 32


class TrackTimeline:
    """Unwraps RTP timestamps (RFC 3550 section 5.1) and places them by the least delayed packet."""

    def __init__(self) -> None:
        self._ticks: int | None = None
        self._anchor: tuple[int, int] | None = None  # arrival ns, ticks

    def ticks(self, timestamp: int) -> int:
        """Continue a 32-bit timestamp without its wrap."""
        highest = self._ticks
        if highest is None:
            self._ticks = timestamp
            return timestamp
        step = (timestamp - highest) % _CYCLE
        ticks = highest + (step - _CYCLE if step >= _CYCLE // 2 else step)
        if ticks - highest > JUMP_TICKS:
            self._anchor = None
        self._ticks = max(ticks, highest)
        return ticks

    def place(self, ticks: int, arrival_ns: int) -> int:
        """Monotonic nanoseconds at which a packet's first sample was captured.

        Taken as the least delayed packet so far has it, so that jitter does not move it.
        """
        if self._anchor is not None:
            at_ns = self._anchor[0] + (ticks - self._anchor[1]) * 1_000_000_000 // TICKS_PER_SECOND
            if at_ns <= arrival_ns <= at_ns + LATE_NS:
                return at_ns
        self._anchor = (arrival_ns, ticks)
        return arrival_ns
