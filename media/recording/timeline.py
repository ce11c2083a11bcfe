"""One segment's positions: RTP timestamps unwrapped, and set right when a sender stood still; pure.

Positions are ticks of 48 kHz from the segment's first sample.
"""

from media.rtp.opus import TICKS_PER_SECOND

BASE_BLOCK_NS = 10_000_000_000
"""The fastest packet of the last one to two blocks says where the present is."""
TOLD_NS = 1_000_000_000
"""A silent packet farther than this from where it should be says nothing."""
_SECOND_NS = 1_000_000_000


class Timeline:
    """Where a segment stands.

    A browser that is muted by taking the track away sends nothing and does not advance its
    timestamps meanwhile: `shift` makes up for that, so the file goes on where the clock is.

    Args:
        timestamp: 32-bit RTP timestamp of the first sample.

    Attributes:
        end: Position at the end of the last packet that took its place.
        arrival_ns: When that packet came.
        due_timestamp: RTP timestamp of a packet that begins where that one ended.
        shift: Ticks that the sender's timestamps are behind by standing still.
        caught_until_ns: Until when it is watched whether catching up was right.
    """

    def __init__(self, timestamp: int) -> None:
        self.end = 0
        self.arrival_ns = 0
        self.due_timestamp = timestamp
        self.shift = 0
        self._first = timestamp
        self._last = 0  # of the sender, without the shift
        # Two blocks: so the present follows a sender whose clock drifts.
        self._base_ns: int | None = None
        self._last_base_ns: int | None = None
        self._block_ends_ns = 0
        self._caught_base_ns = 0
        self.caught_until_ns = 0

    def position(self, timestamp: int) -> int:
        """The position of an RTP timestamp near the last one."""
        step = (timestamp - self._first - self._last) & 0xFFFF_FFFF
        return self._last + (step - (1 << 32) if step >= 1 << 31 else step) + self.shift

    def stall_ns(self, position: int, arrival_ns: int) -> int:
        """How much more time passed on the clock than on the time line since the last packet."""
        passed = (position - self.end) * _SECOND_NS // TICKS_PER_SECOND
        return arrival_ns - self.arrival_ns - passed

    def lag_ns(self, position: int, arrival_ns: int) -> int:
        """How much later than the fastest packets this one is."""
        return arrival_ns - position * _SECOND_NS // TICKS_PER_SECOND - self._fastest_ns()

    def catch_up(self, lag_ns: int, now_ns: int) -> None:
        """The sender stood still: its timestamps mean this much later from now on."""
        self.shift += lag_ns * TICKS_PER_SECOND // _SECOND_NS
        self.due_timestamp = (self._first + self.end - self.shift) & 0xFFFF_FFFF
        self._caught_base_ns = self._fastest_ns()
        self.caught_until_ns = now_ns + BASE_BLOCK_NS

    def early_ns(self, position: int, arrival_ns: int) -> int:
        """How much earlier a packet is than any before the time line caught up.

        More than jitter within ten seconds of it means that the network had stood still after
        all; later than that it may be the drift of a clock, and the answer is 0.
        """
        if arrival_ns >= self.caught_until_ns:
            return 0
        return self._caught_base_ns - arrival_ns + position * _SECOND_NS // TICKS_PER_SECOND

    def tell_time(self, position: int, arrival_ns: int) -> None:
        """A packet without sound passed: where its sender's clock is, if it is where it should be.

        Without it a filler would overtake a slow sender's clock in a silence of an hour.
        """
        if abs(self.stall_ns(position, arrival_ns)) > TOLD_NS:
            return
        self._last = position - self.shift
        self._note(arrival_ns - position * _SECOND_NS // TICKS_PER_SECOND, arrival_ns)

    def follow(self, position: int, ticks: int, arrival_ns: int) -> None:
        """A packet took its place."""
        self._last = last = position - self.shift
        self.end = position + ticks
        self.due_timestamp = (self._first + last + ticks) & 0xFFFF_FFFF
        self.arrival_ns = arrival_ns
        base = arrival_ns - position * _SECOND_NS // TICKS_PER_SECOND
        if arrival_ns >= self._block_ends_ns or self._base_ns is None or base < self._base_ns:
            self._note(base, arrival_ns)

    def _note(self, base: int, arrival_ns: int) -> None:
        """Let a packet say where the present is."""
        if arrival_ns >= self._block_ends_ns:
            self._block_ends_ns = arrival_ns + BASE_BLOCK_NS
            self._last_base_ns, self._base_ns = self._base_ns, base
        elif self._base_ns is None or base < self._base_ns:
            self._base_ns = base

    def position_at(self, now_ns: int) -> int:
        """The position that a packet sent at this moment would have."""
        return (now_ns - self._fastest_ns()) * TICKS_PER_SECOND // _SECOND_NS

    def reached_ns(self, position: int) -> int:
        """The first moment at which `position_at` is this position."""
        return self._fastest_ns() - (-position * _SECOND_NS // TICKS_PER_SECOND)

    def _fastest_ns(self) -> int:
        return min(one for one in (self._base_ns, self._last_base_ns) if one is not None)
