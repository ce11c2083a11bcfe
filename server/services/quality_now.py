"""What a connection is like now: the counters of two moments as one sample of each stream."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from media.quality.model import mos
from media.types import ConnectionStats, Reading, StreamReading
from server.services.quality_points import Point

CONNECTION = "connection"
"""The stream name of a connection as a whole."""


@dataclass(frozen=True, slots=True)
class StreamNow:
    """One stream in the last second.

    Attributes:
        reading: The engine's judgement, with its counters.
        point: The same as a sample.
    """

    reading: StreamReading
    point: Point

    @property
    def name(self) -> str:
        """As it is stored: `uplink/microphone`."""
        return f"{self.reading.direction.value}/{self.reading.source}"


@dataclass(frozen=True, slots=True)
class ConnectionNow:
    """One connection in the last second.

    Attributes:
        at: When it was sampled.
        since: When the label began.
        mos: Mean opinion score of the label's score.
        point: The connection as a sample.
        streams: Every stream that was measured.
        hints: What may explain the label without entering it: `relay`, `tcp`, `cpu`, `bandwidth`.
    """

    session_id: str
    participant_id: str
    connection_id: str
    at: datetime
    since: datetime
    reading: Reading
    mos: float
    point: Point
    streams: tuple[StreamNow, ...]
    hints: tuple[str, ...] = ()


class Counters:
    """Turns running totals of one connection into what happened since the last look."""

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._bytes = (0, 0)
        self._packets: dict[tuple[str, str], tuple[int, int]] = {}
        self._limited = 0

    def limited(self, stats: ConnectionStats) -> int:
        """Seconds since the last call in which our own process was late."""
        before, self._limited = self._limited, stats.limited_ticks
        return max(0, stats.limited_ticks - before)

    def connection(self, stats: ConnectionStats, reading: Reading, at: datetime) -> Point:
        """The connection as a whole since the last call."""
        before, self._bytes = self._bytes, (stats.bytes_sent, stats.bytes_received)
        last, self._at = self._at, at
        seconds = (at - last).total_seconds() if last is not None else 0.0
        sent, received = (
            round(max(0, now - then) * 8 / seconds) if seconds > 0 else 0
            for now, then in zip(self._bytes, before, strict=True)
        )
        return Point(
            reading.label,
            reading.reason,
            reading.score,
            round_trip_ms=reading.round_trip_ms,
            sent_bps=sent,
            received_bps=received,
        )

    def stream(self, reading: StreamReading) -> StreamNow:
        """One stream since the last call."""
        key = (reading.direction.value, reading.source)
        packets, lost = self._packets.get(key, (0, 0))
        self._packets[key] = (reading.packets, reading.lost)
        point = Point(
            reading.label,
            reading.reason,
            reading.score,
            max(0, reading.packets - packets),
            max(0, reading.lost - lost),
            reading.jitter_ms,
        )
        return StreamNow(reading, point)


def began(reading: Reading, at: datetime) -> datetime:
    """When the reading's label began."""
    return at - timedelta(seconds=reading.age_seconds)


def opinion(score: float) -> float:
    """Mean opinion score of a score, as it is shown."""
    return round(mos(score), 2)


def hints(path: object, client_stats: object) -> tuple[str, ...]:
    """What may explain a label: from the path, and from what the browser says of itself.

    Args:
        path: ICE type of the remote candidate.
        client_stats: Entries of W3C webrtc-stats as mappings; anything else says nothing.
    """
    found = {"relay"} if path == "relay" else set[str]()
    entries = client_stats if isinstance(client_stats, tuple | list) else ()
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        limit = entry.get("qualityLimitationReason")
        if entry.get("type") == "outbound-rtp" and limit in ("cpu", "bandwidth"):
            found.add(str(limit))
        if entry.get("type") == "local-candidate":
            found.update(_of_candidate(entry.get("candidateType"), entry.get("protocol")))
    return tuple(sorted(found))


def _of_candidate(kind: object, protocol: object) -> set[str]:
    return {name for name, true in (("relay", kind == "relay"), ("tcp", protocol == "tcp")) if true}
