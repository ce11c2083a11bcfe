"""A network link as a pure function of its seed: loss, bursts, delay, jitter, reorder, duplicates.

No socket and no clock: packets go in with a time and come out at a time.
"""

import heapq
import random
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Link(Generic[T]):
    """One direction of a path. Shares are 0 to 1, times are seconds.

    Attributes:
        seed: The same seed and packets give the same fate.
        loss: Share of packets lost, on average.
        burst: Mean length of a run of losses; 1 makes losses independent (Gilbert model).
        delay: Time on the way.
        jitter: Each packet takes up to this much longer or shorter, uniformly. Order is kept
            (as in one queue) unless `reorder` picks the packet.
        reorder: Share of packets that overtake: they skip the queue and the delay.
        duplicate: Share of packets that arrive twice.
        down: Nothing passes while true.
    """

    seed: int
    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    burst: float = 1.0
    down: bool = False
    sent: int = 0
    lost: int = 0
    _random: random.Random = field(init=False, repr=False)
    _queue: list[tuple[float, int, T]] = field(init=False, repr=False, default_factory=list)
    _last: float = field(init=False, repr=False, default=float("-inf"))
    _losing: bool = field(init=False, repr=False, default=False)
    _order: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def next_at(self) -> float | None:
        """When the next packet arrives, None when the link is empty."""
        return self._queue[0][0] if self._queue else None

    def send(self, packet: T, at: float, *, delay: float | None = None) -> None:
        """Put a packet on the link at a time, which never goes back.

        With a `delay` of its own it keeps no order with the others.
        """
        self.sent += 1
        # One draw for each question, whatever the settings: fates stay comparable between runs.
        lose, overtake, twice, spread = (self._random.random() for _ in range(4))
        if self.down or self._loses(lose):
            self.lost += 1
            return
        arrival = at + max(0.0, self.delay + self.jitter * (2 * spread - 1))
        if overtake < self.reorder:
            arrival = at
        elif delay is not None:
            arrival = at + delay
        else:
            arrival = self._last = max(arrival, self._last)
        for _ in range(2 if twice < self.duplicate else 1):
            self._order += 1
            heapq.heappush(self._queue, (arrival, self._order, packet))

    def deliver(self, at: float) -> list[T]:
        """Take what has arrived by now, in order of arrival."""
        arrived: list[T] = []
        while self._queue and self._queue[0][0] <= at:
            arrived.append(heapq.heappop(self._queue)[2])
        return arrived

    def _loses(self, draw: float) -> bool:
        if self.loss >= 1:
            return True
        # Two-state chain: leaves a burst with 1/burst, enters so that the mean share is `loss`.
        leave = 1 / max(1.0, self.burst)
        enter = self.loss * leave / (1 - self.loss) if self.burst > 1 else self.loss
        stay = 1 - leave if self.burst > 1 else self.loss
        self._losing = draw < (stay if self._losing else enter)
        return self._losing
