"""How often one address may try: a token bucket each, a bounded number of them."""

from dataclasses import dataclass
from ipaddress import ip_address

from media.clock import Clock

REMEMBERED = 10_000


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Throttle:
    """Token buckets by address; this machine's own addresses are never held back.

    Args:
        clock: Fills the buckets.
        burst: Tries that may come at once.
        per_second: Tries that come back each second.
    """

    def __init__(self, clock: Clock, *, burst: float, per_second: float) -> None:
        self._clock = clock
        self._burst = burst
        self._rate = per_second
        self._buckets: dict[str, _Bucket] = {}

    def allows(self, address: str | None) -> bool:
        """Whether the address has a try left; takes nothing."""
        return not _counted(address) or self._bucket(address).level >= 1

    def take(self, address: str | None) -> bool:
        """Take one try; False when none is left."""
        if not _counted(address):
            return True
        bucket = self._bucket(address)
        if bucket.level < 1:
            return False
        bucket.level -= 1
        return True

    def _bucket(self, address: str | None) -> _Bucket:
        now = self._clock.monotonic()
        key = address or ""
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.level = min(self._burst, bucket.level + (now - bucket.at) * self._rate)
        bucket.at = now
        self._buckets[key] = bucket  # last in order, so the longest unused is the first to go
        if len(self._buckets) > REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        return bucket


def _counted(address: str | None) -> bool:
    if address is None:
        return False
    try:
        return not ip_address(address).is_loopback
    except ValueError:
        return True
