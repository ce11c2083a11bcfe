"""Prometheus figures of connection quality: distributions over everybody, never a person."""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from media.quality.model import EDGES
from media.types import Direction, QualityLabel
from server.services.quality_now import ConnectionNow

# Buckets end where labels end, so that shares of labels can be read off.
_SCORES = (30.0, 50.0, *sorted(edges.leave_below for edges in EDGES.values()), 90.0)
_LOSS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.5)
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.37, 0.52, 0.67, 1.0, 2.0)


class QualityMetrics:
    """Histograms by direction, and how many connections have which label.

    Args:
        registry: Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._score = Histogram(
            "roomtone_quality_score",
            "Transmission ratings of streams, 0 to 93.2",
            ["direction"],
            buckets=_SCORES,
            registry=registry,
        )
        self._loss = Histogram(
            "roomtone_quality_loss_ratio",
            "Packets lost of those settled in a second",
            ["direction"],
            buckets=_LOSS,
            registry=registry,
        )
        self._jitter = Histogram(
            "roomtone_quality_jitter_seconds",
            "Interarrival jitter of streams (RFC 3550)",
            ["direction"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._round_trip = Histogram(
            "roomtone_quality_round_trip_seconds",
            "Round trips of connections",
            buckets=_SECONDS,
            registry=registry,
        )
        self._labels = Gauge(
            "roomtone_connections_quality",
            "Connections by quality label",
            ["label"],
            registry=registry,
        )
        self._limited = Counter(
            "roomtone_quality_server_limited_ticks",
            "Seconds of connections that this server was too late to judge fairly",
            registry=registry,
        )
        for direction in Direction:
            for histogram in (self._score, self._loss, self._jitter):
                _ = histogram.labels(direction.value)
        self.labels(())

    def limited(self, ticks: int) -> None:
        """Our own process was late for so many seconds of a connection."""
        if ticks:
            self._limited.inc(ticks)

    def labels(self, labels: Iterable[QualityLabel]) -> None:
        """The labels that connections have now."""
        tally = Tally(labels)
        for label in QualityLabel:
            self._labels.labels(label.value).set(tally[label])

    def observe(self, connections: Iterable[ConnectionNow]) -> None:
        """Add what connections are like now."""
        for connection in connections:
            trip = connection.point.round_trip_ms
            if trip is not None:
                self._round_trip.observe(trip / 1000)
            for stream in connection.streams:
                reading, point = stream.reading, stream.point
                if reading.label is None or not point.packets:
                    continue
                way = reading.direction.value
                self._score.labels(way).observe(reading.score)
                self._loss.labels(way).observe(point.lost / point.packets)
                self._jitter.labels(way).observe(point.jitter_ms / 1000)
