"""A stream's usual packet rate: the true mode of its ticks."""

# DTX sends 2.5 packets a second: fewer than this say nothing about the usual rate.
_MIN_PPS = 8
_MAX_PPS = 500
_BIN_PPS = 2
_RECOMPUTE_TICKS = 120
_ENOUGH_READINGS = 10


class PacketRateMode:
    """Folds packets per tick into a histogram and takes its highest bin every two minutes.

    Args:
        initial: Packets per second assumed until enough was seen: 1000 / ptime.
    """

    __slots__ = ("_counts", "_sums", "_ticks", "value")

    def __init__(self, initial: float = 50.0) -> None:
        self.value = initial
        """The usual rate in packets per second."""
        self._counts = [0.0] * (_MAX_PPS // _BIN_PPS + 1)
        self._sums = [0.0] * len(self._counts)
        self._ticks = 0

    def add(self, pps: int) -> None:
        """Take one tick's packets; ticks of near silence only let time pass."""
        self._ticks += 1
        if pps >= _MIN_PPS:
            at = min(pps, _MAX_PPS) // _BIN_PPS
            self._counts[at] += 1
            self._sums[at] += min(pps, _MAX_PPS)
        if self._ticks >= _RECOMPUTE_TICKS:
            self._ticks = 0
            self._recompute()

    def _recompute(self) -> None:
        counts = self._counts
        if sum(counts) <= _ENOUGH_READINGS:
            return
        best = max(range(len(counts)), key=lambda at: (counts[at], at))
        self.value = self._sums[best] / counts[best]
        self._counts = [count / 2 for count in counts]
        self._sums = [total / 2 for total in self._sums]
