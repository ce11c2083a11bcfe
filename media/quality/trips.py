"""The latest round trips of one transport; pure."""

RTT_MEMORY_TICKS = 30
_NONE = -1.0


class RoundTrips:
    """The latest round trips of one transport, shared by its streams."""

    def __init__(self) -> None:
        self._samples: list[float] = []  # negative: a tick without one

    @property
    def latest(self) -> float | None:
        """The youngest sample not older than 30 ticks."""
        if self._samples and self._samples[-1] >= 0:
            return self._samples[-1]
        return next((s for s in reversed(self._samples) if s >= 0), None)

    def tick(self, sample_ms: float | None) -> None:
        """Take the highest round trip of one tick, None when there was none."""
        self._samples.append(_NONE if sample_ms is None else sample_ms)
        if len(self._samples) > RTT_MEMORY_TICKS:
            del self._samples[0]

    def worst(self, ticks: int) -> float:
        """The highest of the last ticks, else the latest known, else 0."""
        highest = max(self._samples[-ticks:], default=_NONE)
        return self.latest or 0.0 if highest < 0 else highest

    def clear(self) -> None:
        """Forget a path that is gone."""
        self._samples.clear()
