"""Wrap-safe arithmetic on RTP sequence numbers and timestamps (RFC 3550 appendix A.1)."""


def newer16(a: int, b: int) -> int:
    """Signed distance from 16-bit `b` to `a`, -32768 to 32767; positive when `a` is newer."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


class SequenceUnwrapper:
    """Extends 16-bit sequence numbers to an unbounded count.

    The first number stands for itself. Numbers may come out of order as long as neighbours in
    arrival order lie less than half the range apart; one from before the first may turn out
    negative, its low 16 bits are still right.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, sequence: int) -> int:
        """The extended number of a 16-bit `sequence`."""
        last = self._last
        if last is None:
            self._last = sequence
            return sequence
        extended = last + ((sequence - last + 0x8000) & 0xFFFF) - 0x8000
        self._last = extended
        return extended


class TimestampUnwrapper:
    """Extends 32-bit RTP timestamps to an unbounded count, by the rules of `SequenceUnwrapper`."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, ts: int) -> int:
        """The extended timestamp of a 32-bit `ts`."""
        last = self._last
        if last is None:
            self._last = ts
            return ts
        extended = last + ((ts - last + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        self._last = extended
        return extended
