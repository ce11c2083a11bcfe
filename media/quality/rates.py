"""Usual packet rates of many streams: for each the true mode of its ticks; pure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# DTX sends 2.5 packets a second: fewer than this say nothing about the usual rate.
_MIN_PPS = 8
_MAX_PPS = 500
_BIN_PPS = 2
_BINS = _MAX_PPS // _BIN_PPS + 1
_RECOMPUTE_TICKS = 120
_ENOUGH_READINGS = 10


class PacketRateModes:
    """Folds packets per tick into histograms and takes each one's highest bin every two minutes.

    Attributes:
        value: The usual rate of each row in packets per second.
    """

    def __init__(self) -> None:
        self.value: NDArray[Any] = np.zeros(0)
        self._counts: NDArray[Any] = np.zeros((0, _BINS))
        self._sums: NDArray[Any] = np.zeros((0, _BINS))
        self._ticks: NDArray[Any] = np.zeros(0, dtype=int)

    def grow(self, rows: int) -> None:
        """Make room for so many rows."""
        more = rows - len(self.value)
        self.value = np.pad(self.value, (0, more))
        self._counts = np.pad(self._counts, ((0, more), (0, 0)))
        self._sums = np.pad(self._sums, ((0, more), (0, 0)))
        self._ticks = np.pad(self._ticks, (0, more))

    def start(self, row: int, initial: float) -> None:
        """A new stream, of which this rate is assumed until enough was seen: 1000 / ptime."""
        self.value[row] = initial
        self._counts[row] = self._sums[row] = 0
        self._ticks[row] = 0

    def add(self, rows: NDArray[Any], packets: NDArray[Any]) -> None:
        """Take one tick's packets of some rows; ticks of near silence only let time pass."""
        self._ticks[rows] += 1
        told = packets >= _MIN_PPS
        count = np.minimum(packets[told], _MAX_PPS)
        at = (count // _BIN_PPS).astype(int)
        self._counts[rows[told], at] += 1
        self._sums[rows[told], at] += count
        due = rows[self._ticks[rows] >= _RECOMPUTE_TICKS]
        if len(due):
            self._ticks[due] = 0
            self._recompute(due)

    def _recompute(self, rows: NDArray[Any]) -> None:
        rows = rows[self._counts[rows].sum(axis=1) > _ENOUGH_READINGS]
        counts, sums = self._counts[rows], self._sums[rows]
        best = _BINS - 1 - counts[:, ::-1].argmax(axis=1)  # ties go to the higher rate
        places = np.arange(len(rows))
        self.value[rows] = sums[places, best] / counts[places, best]
        self._counts[rows] = counts / 2
        self._sums[rows] = sums / 2
