"""One speaker's sound on its way into a mix: a little of it waits, so that it never stutters."""

from typing import Final

import numpy as np

from media.audio.decode import BLOCK, NOTHING
from media.audio.frames import Samples
from media.rtp.opus import TICKS_PER_SECOND

LEAD: Final = 3 * BLOCK
"""60 ms wait before the first block is taken: packets over the internet come that unevenly."""
LEAD_BLOCKS: Final = 3
"""Nor is it waited longer for them: a short word has fewer."""
MOST: Final = 10 * BLOCK
"""200 ms; what waits longer only delays."""


class MixBuffer:
    """Pieces in, blocks of 20 ms out. Times are monotonic nanoseconds, sound is at 48 kHz."""

    def __init__(self) -> None:
        self._samples: Samples = NOTHING
        self._next_ns: int | None = None  # where the next sample lies
        self._waited: int | None = 0  # blocks since sound came; None while it is played

    @property
    def empty(self) -> bool:
        """Nothing is left to be mixed."""
        return not len(self._samples)

    def put(self, at_ns: int, samples: Samples) -> None:
        """Append a piece; a hole before it stays a hole while earlier sound waits."""
        if self._next_ns is not None and len(self._samples):
            hole = (at_ns - self._next_ns) * TICKS_PER_SECOND // 1_000_000_000
            if 0 < hole <= MOST:
                self._samples = np.concatenate([self._samples, np.zeros(hole, np.float32)])
        self._samples = np.concatenate([self._samples, samples])
        self._next_ns = at_ns + len(samples) * 1_000_000_000 // TICKS_PER_SECOND
        if len(self._samples) > MOST + LEAD:
            self._samples = self._samples[-LEAD:]

    def take(self) -> Samples | None:
        """The next block, or None when this speaker adds nothing to it."""
        if not len(self._samples):
            self._waited = 0
            return None
        if self._waited is not None:
            self._waited += 1
            if len(self._samples) < LEAD and self._waited <= LEAD_BLOCKS:
                return None
            self._waited = None
        block, self._samples = self._samples[:BLOCK], self._samples[BLOCK:]
        if len(block) < BLOCK:
            block = np.concatenate([block, np.zeros(BLOCK - len(block), np.float32)])
        return block
