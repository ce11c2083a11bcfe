"""One second of a connection, from the plane's meters into the quality judge."""

from media.plane.port import Connection
from media.quality.judge import ConnectionJudge
from media.quality.measure import Bucket, ReportMeter, StreamMeter
from media.types import Reading, TrackSource

REPORT_SECONDS = 30.0  # a steady label is told this often, so that charts have points
# A peer that still answers STUN (browsers ask every 2.5 s) and sends no audio has been muted by
# its owner; one that is silent altogether has stalled.
_ALIVE_NS = 4_000_000_000
_LOST_NS = 5_000_000_000


class PeerQuality:
    """Folds a connection's ticks into a reading."""

    def __init__(self) -> None:
        self.reading: Reading | None = None
        self.lost = 0
        self._judge = ConnectionJudge()
        self._told: Reading | None = None
        self._told_at = 0.0
        self._gone = False

    def tick(self, connection: Connection, now_ns: int, *, server_limited: bool) -> None:
        """Take one second of the connection."""
        heard_ns = connection.heard_ns
        if heard_ns is None:
            return
        silent_ns = now_ns - heard_ns
        if silent_ns > _LOST_NS:
            if not self._gone:
                self._gone = True
                self.reading = self._judge.lose()
            return
        self._gone = False
        uplink, muted = self._uplink(connection, now_ns)
        trip_ns, connection.trip_ns = connection.trip_ns, None
        self.reading = self._judge.tick(
            uplink,
            None if trip_ns is None else trip_ns / 1e6,
            downlink=_downlink(connection),
            muted=muted or (uplink is not None and not uplink.arrived and silent_ns < _ALIVE_NS),
            server_limited=server_limited,
        )

    def due(self, now: float) -> Reading | None:
        """The reading when its label changed since it was last told, or 30 s have passed."""
        reading, told = self.reading, self._told
        if reading is None:
            return None
        same = told is not None and told.label is reading.label
        if same and now - self._told_at < REPORT_SECONDS:
            return None
        self._told, self._told_at = reading, now
        return reading

    def _uplink(self, connection: Connection, now_ns: int) -> tuple[Bucket | None, bool]:
        """What settled on the microphone, and whether we have muted it."""
        result, muted = None, False
        for track in connection.tracks.values():
            if not isinstance(track.meter, StreamMeter):
                continue
            bucket = track.meter.settle(now_ns)
            track.jitter_ms = bucket.jitter_ms
            self.lost += bucket.lost
            if track.spec.source is TrackSource.MICROPHONE and track.flowing:
                result, muted = bucket, track.muted
        return result, muted


def _downlink(connection: Connection) -> Bucket | None:
    """What listeners' reports settled on the audio slots."""
    result: Bucket | None = None
    for slot in connection.slots.values():
        if not isinstance(slot.meter, ReportMeter) or slot.track is None:
            continue
        bucket = slot.meter.settle()
        result = bucket if result is None else result.plus(bucket)
    return result
