"""The latest round trips of one transport; pure."""

from collections import deque

RTT_MEMORY_TICKS = 30


class RoundTrips:
    """The latest round trips of one transport, shared by its streams."""

    def __init__(self) -> None:
        self._samples: deque[float | None] = deque(maxlen=RTT_MEMORY_TICKS)

    @property
    def latest(self) -> float | None:
        """The youngest sample not older than 30 ticks."""
        return next((s for s in reversed(self._samples) if s is not None), None)

    def tick(self, sample_ms: float | None) -> None:
        """Take the highest round trip of one tick, None when there was none."""
        self._samples.append(sample_ms)

    def worst(self, ticks: int) -> float:
        """The highest of the last ticks, else the latest known, else 0."""
        samples, highest = self._samples, None
        for at in range(-min(ticks, len(samples)), 0):
            sample = samples[at]
            if sample is not None and (highest is None or sample > highest):
                highest = sample
        return self.latest or 0.0 if highest is None else highest

    def clear(self) -> None:
        """Forget a path that is gone."""
        self._samples.clear()
