"""One second of a connection's video: what it sends is measured, what it gets is fitted to it."""

from media.plane import pictures
from media.plane.downlink import Downlink
from media.plane.port import Connection
from media.quality.measure import ReportMeter

LEAST_MARGIN = 1.5  # rates differ from second to second
ENOUGH_PACKETS = 10  # among fewer, a lost one is chance
RESTING = 20_000  # bits a second, smoothed: less than any picture that moves
ESTIMATE_LIVES_NS = 3_000_000_000  # receivers repeat theirs at least once a second


class Adaptation:
    """Measures a connection's streams and chooses layers for its slots.

    Args:
        connection: Whose.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._link = Downlink()
        self._last_ns: int | None = None
        self._sent = 0
        self._trip_ns: int | None = None

    def tick(self, now_ns: int, *, server_limited: bool) -> None:
        """Take the time since the last tick, about a second.

        Args:
            now_ns: Monotonic nanoseconds.
            server_limited: The server was late itself: round trips tell nothing of the link.
        """
        elapsed_ns = now_ns - self._last_ns if self._last_ns is not None else 0
        self._last_ns = now_ns
        if elapsed_ns <= 0:
            return
        connection = self._connection
        for track in connection.tracks.values():
            for stream in track.layers:
                rate = (stream.octets - stream.counted) * 8_000_000_000 // elapsed_ns
                stream.rate, stream.counted = _smoothed(stream.rate, rate), stream.octets
        sent, loss = self._observe(elapsed_ns)
        if any(not slot.audio for slot in connection.slots.values()):
            before, self._trip_ns = self._trip_ns, connection.round_trip_ns
            trip_ns = None if server_limited or before == self._trip_ns else self._trip_ns
            connection.budget = self._link.tick(
                now_ns / 1e9,
                sent=sent,
                estimate=self._estimate(now_ns),
                loss=loss,
                trip_ms=None if trip_ns is None else trip_ns / 1e6,
                least=round(pictures.least_rate(connection) * LEAST_MARGIN),
            )
        connection.room.adapt(connection)

    def _observe(self, elapsed_ns: int) -> tuple[int, float]:
        """Video bits a second sent, and the share of all packets that was reported lost."""
        octets = arrived = lost = 0
        for slot in self._connection.slots.values():
            if slot.audio:
                continue
            octets += slot.rewriter.octets(slot.stream.progress if slot.stream else None)
            if isinstance(slot.losses, ReportMeter):
                bucket = slot.losses.settle()
                arrived += bucket.received
                lost += bucket.lost
        sent = max(0, octets - self._sent) * 8_000_000_000 // elapsed_ns
        self._sent = octets
        return sent, lost / (arrived + lost) if arrived + lost >= ENOUGH_PACKETS else 0.0

    def _estimate(self, now_ns: int) -> int | None:
        estimate = self._connection.estimate
        if estimate is None or now_ns - estimate[1] > ESTIMATE_LIVES_NS:
            return None
        return estimate[0]


def _smoothed(before: int, now: int) -> int:
    """A rate that forgets half a second's whim; after some seconds of nothing it is 0: at rest."""
    if before <= 0:
        return now
    rate = (before + now) // 2
    return rate if rate >= RESTING else 0
