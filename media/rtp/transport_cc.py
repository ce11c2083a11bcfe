"""Feedback about every packet of a transport, so that its sender finds the path's rate.

draft-holmer-rmcat-transport-wide-cc-extensions-01: the sender numbers packets across all streams in
a header extension; the receiver says when each of them came, and the sender draws the conclusions.
"""

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

MAX_WAITING: Final = 4000
"""400 ms at 100 Mb/s; when nobody takes them for so long the oldest are forgotten."""
MAX_STATUSES: Final = 1000
"""Numbers that are told missing before the first that came; twice as many fill a feedback."""
MAX_FEEDBACKS: Final = 8
"""At a time; only numbers that leap about need so many, and the rest is not told."""
HISTORY_NS: Final = 500_000_000
"""Packets told less than this ago are told again when one from before them comes late."""
_TICK_NS: Final = 250_000  # section 3.1.5
_REFERENCE_TICKS: Final = 256  # 64 ms, section 3.1
_CYCLE: Final = 1 << 16
_RUN: Final = 0x1FFF
_MISSING, _SMALL, _LARGE = 0, 1, 2

_Status = tuple[int, int]
"""A symbol and its delta in ticks."""


class ArrivalLog:
    """When packets came, by transport-wide sequence number."""

    __slots__ = ("_arrivals", "_begin", "_count", "_highest", "_waiting", "dropped")

    def __init__(self) -> None:
        self.dropped = 0
        self._arrivals: dict[int, int] = {}  # unwrapped number -> ns
        self._begin = 0  # the first number that was not told
        self._highest = -1
        self._waiting = False
        self._count = 0

    def packet(self, sequence: int, arrival_ns: int) -> None:
        """Note a packet; a number that came already keeps its first time."""
        if self._highest < 0:
            number = self._begin = sequence + _CYCLE
        else:
            number = self._highest + ((sequence - self._highest + 0x8000) & 0xFFFF) - 0x8000
        if number in self._arrivals:
            return
        self._arrivals[number] = arrival_ns
        self._waiting = True
        self._highest = max(self._highest, number)
        self._begin = min(self._begin, number)
        if len(self._arrivals) > MAX_WAITING:
            oldest = next(iter(self._arrivals))
            del self._arrivals[oldest]
            self._begin = max(self._begin, oldest + 1)
            self.dropped += 1

    def take(self, now_ns: int) -> list[bytes]:
        """Feedback control information for what came since the last call; empty when nothing."""
        told: list[bytes] = []
        if not self._waiting:
            return told
        begin, numbers = self._begin, deque(sorted(n for n in self._arrivals if n >= self._begin))
        while numbers and len(told) < MAX_FEEDBACKS:
            body, begin = self._write(max(begin, numbers[0] - MAX_STATUSES), numbers[0])
            told.append(body)
            while numbers and numbers[0] < begin:
                _ = numbers.popleft()
        self.dropped += len(numbers)
        self._waiting = False
        self._begin = self._highest + 1
        old_ns = now_ns - HISTORY_NS
        self._arrivals = {n: at for n, at in self._arrivals.items() if at > old_ns}
        return told

    def _write(self, begin: int, first: int) -> tuple[bytes, int]:
        """Feedback from `begin` on; returns it, and the number that the next one begins with."""
        reference = self._arrivals[first] // _TICK_NS // _REFERENCE_TICKS
        ticks = reference * _REFERENCE_TICKS
        statuses: list[_Status] = []
        for number in range(begin, min(begin + 2 * MAX_STATUSES, self._highest + 1)):
            arrival_ns = self._arrivals.get(number)
            if arrival_ns is None:
                statuses.append((_MISSING, 0))
                continue
            delta = arrival_ns // _TICK_NS - ticks
            if not -0x8000 <= delta <= 0x7FFF:
                break  # 8 s: another feedback, with a reference time of its own
            ticks += delta
            statuses.append((_SMALL if 0 <= delta <= 0xFF else _LARGE, delta))
        head = struct.pack(
            "!HHL",
            begin & 0xFFFF,
            len(statuses),
            (reference & 0xFFFFFF) << 8 | self._count & 0xFF,
        )
        self._count += 1
        chunks = b"".join(_chunks([symbol for symbol, _ in statuses]))
        return head + chunks + _deltas(statuses), begin + len(statuses)


def _chunks(symbols: Sequence[int]) -> Iterator[bytes]:
    """Section 3.1.1: a run of equal symbols, or each of the next fourteen or seven."""
    at = 0
    while at < len(symbols):
        symbol = symbols[at]
        run = 1
        while run < _RUN and at + run < len(symbols) and symbols[at + run] == symbol:
            run += 1
        narrow = symbols[at : at + 14]
        if run >= 14 or at + run == len(symbols):
            yield struct.pack("!H", symbol << 13 | run)
            at += run
        elif _LARGE not in narrow:
            yield struct.pack("!H", 0x8000 | _vector(narrow, 14, 1))
            at += 14
        else:
            yield struct.pack("!H", 0xC000 | _vector(symbols[at : at + 7], 7, 2))
            at += 7


def _vector(symbols: Sequence[int], count: int, bits: int) -> int:
    vector = 0
    for place in range(count):
        vector = vector << bits | (symbols[place] if place < len(symbols) else _MISSING)
    return vector


def _deltas(statuses: Sequence[_Status]) -> bytes:
    return b"".join(
        delta.to_bytes(1) if symbol == _SMALL else delta.to_bytes(2, signed=True)
        for symbol, delta in statuses
        if symbol != _MISSING
    )
