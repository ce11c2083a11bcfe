"""Slows down guessing: so many failures a minute for each address, in a table of fixed size."""

from collections import OrderedDict

from media.clock import Clock


class Throttle:
    """A leaky bucket for each key; the longest untouched key is forgotten first.

    Args:
        clock: Tells how much has leaked.
        capacity: Failures in a row that are let through.
        per_second: How fast they are forgiven.
        keys: Largest number of buckets.
    """

    def __init__(
        self, clock: Clock, *, capacity: float = 20, per_second: float = 1 / 3, keys: int = 10_000
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._per_second = per_second
        self._keys = keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Seconds until the key may try again; 0 when it may now."""
        over = self._level(key) - self._capacity + 1
        return max(0.0, over / self._per_second)

    def count(self, key: str) -> None:
        """Note a failure."""
        self._buckets[key] = (self._level(key) + 1, self._clock.monotonic())
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)

    def _level(self, key: str) -> float:
        level, at = self._buckets.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock.monotonic() - at) * self._per_second)
