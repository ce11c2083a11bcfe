"""What a connection is like now: the counters of two moments as one sample of each stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from media.picture import Picture
from media.quality.model import mos
from media.types import ConnectionStats, Direction, Reading, StreamFlow, StreamReading
from server.services.quality_points import Point

CONNECTION = "connection"
"""The stream name of a connection as a whole."""


@dataclass(frozen=True, slots=True)
class StreamNow:
    """One stream in the last second.

    Attributes:
        reading: The engine's judgement, with its counters.
        point: The same as a sample.
        picture: The largest one of the stream; None for sound and without one.
    """

    reading: StreamReading
    point: Point
    picture: Picture | None = None

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
        self._seconds = 0.0  # between the last two looks
        self._packets: dict[tuple[str, str], tuple[int, int]] = {}
        self._flows: dict[tuple[str, str], StreamFlow] = {}
        self._limited = 0

    def limited(self, stats: ConnectionStats) -> int:
        """Seconds since the last call in which our own process was late."""
        before, self._limited = self._limited, stats.limited_ticks
        return max(0, stats.limited_ticks - before)

    def connection(self, stats: ConnectionStats, reading: Reading, at: datetime) -> Point:
        """The connection as a whole since the last call."""
        before, self._bytes = self._bytes, (stats.bytes_sent, stats.bytes_received)
        last, self._at = self._at, at
        self._seconds = (at - last).total_seconds() if last is not None else 0.0
        sent, received = (
            self._rate(now - then) for now, then in zip(self._bytes, before, strict=True)
        )
        return Point(
            reading.label,
            reading.reason,
            reading.score,
            round_trip_ms=reading.round_trip_ms,
            sent_bps=sent,
            received_bps=received,
        )

    def streams(self, stats: ConnectionStats) -> tuple[StreamNow, ...]:
        """Every stream since the last call; `connection` comes first, for it takes the time."""
        flows = {(flow.direction.value, flow.source): flow for flow in stats.flows}
        return tuple(self._stream(one, flows) for one in stats.streams)

    def _stream(
        self, reading: StreamReading, flows: Mapping[tuple[str, str], StreamFlow]
    ) -> StreamNow:
        key = (reading.direction.value, reading.source)
        packets, lost = self._packets.get(key, (0, 0))
        self._packets[key] = (reading.packets, reading.lost)
        flow = flows.get(key, StreamFlow(reading.direction, reading.source, 0))
        before = self._flows.get(key, flow)
        self._flows[key] = flow
        rate = self._rate(flow.octets - before.octets)
        down = reading.direction is Direction.DOWNLINK
        picture = flow.picture or Picture()
        point = Point(
            reading.label,
            reading.reason,
            reading.score,
            max(0, reading.packets - packets),
            max(0, reading.lost - lost),
            reading.jitter_ms,
            sent_bps=rate if down else 0,
            received_bps=0 if down else rate,
            freezes=max(0, flow.freezes - before.freezes),
            frozen_seconds=max(0.0, flow.frozen_seconds - before.frozen_seconds),
            width=picture.width,
            height=picture.height,
            layer=picture.layer,
        )
        return StreamNow(reading, point, flow.picture)

    def _rate(self, octets: int) -> int:
        """Bits a second since the last look; counters of a stream that began anew count nothing."""
        return round(max(0, octets) * 8 / self._seconds) if self._seconds > 0 else 0


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
