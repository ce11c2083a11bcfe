"""When which packet of a program's voice is due: 20 ms apart, with time passing in silence too."""

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from media.audio.decode import BLOCK, Coded

BLOCK_NS: Final = 20_000_000
LEAD_NS: Final = 60_000_000
"""The first packet waits for this, so that pieces made in real time follow without a hole."""
LATE_BLOCKS: Final = 10
"""A loop that is later than 200 ms does not catch up: listeners would throw it away."""


class Due(NamedTuple):
    """A packet whose time has come."""

    payload: bytes
    timestamp: int
    level: int


class Playout:
    """Packets of one voice on their way out. Times are monotonic nanoseconds."""

    def __init__(self) -> None:
        self._blocks: deque[Coded] = deque()
        self._next_ns: int | None = None  # when the first block is due; None while silent
        self._zero: tuple[int, int] | None = None  # a time and its timestamp

    @property
    def blocks(self) -> int:
        """How many blocks of 20 ms wait."""
        return len(self._blocks)

    @property
    def busy(self) -> bool:
        """Something waits, or is being heard."""
        return self._next_ns is not None

    def put(self, blocks: Iterable[Coded], now_ns: int) -> None:
        """Append blocks; they begin soon when nothing else waits."""
        self._blocks.extend(blocks)
        if self._next_ns is None and self._blocks:
            self._next_ns = now_ns + LEAD_NS

    def clear(self) -> None:
        """Forget what waits."""
        self._blocks.clear()
        self._next_ns = None

    def take(self, now_ns: int) -> tuple[list[Due], int | None]:
        """What is due, and when to look again; None when nothing waits."""
        due: list[Due] = []
        if self._next_ns is None:
            return due, None
        if now_ns - self._next_ns > LATE_BLOCKS * BLOCK_NS:
            self._next_ns = now_ns
        while self._blocks and self._next_ns <= now_ns:
            coded = self._blocks.popleft()
            if coded.payload is not None:
                due.append(Due(coded.payload, self._timestamp(self._next_ns), coded.level))
            self._next_ns += BLOCK_NS
        if not self._blocks and self._next_ns <= now_ns:
            self._next_ns = None  # the last one has been heard too
        return due, self._next_ns

    def _timestamp(self, at_ns: int) -> int:
        """Whole blocks since the first packet, so that pauses are as long as they were."""
        if self._zero is None:
            self._zero = (at_ns, 0)
        before_ns, before = self._zero
        blocks = max(round((at_ns - before_ns) / BLOCK_NS), 0)
        return before + blocks * BLOCK
