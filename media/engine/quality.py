"""One second of a connection, from the plane's meters into the quality judge."""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

from media.plane.port import Connection, Track
from media.quality import model
from media.quality.connection import ConnectionJudge, StreamName, StreamTick
from media.quality.measure import Bucket, ReportMeter, StreamMeter
from media.quality.table import StreamTable
from media.types import (
    Direction,
    ListenerStats,
    MediaKind,
    Reading,
    StreamReading,
    TrackSource,
)

REPORT_SECONDS = 30.0  # a steady label is told this often, so that charts have points
# Whoever mutes says so; after the mute ends a microphone has this long to open.
OPENING_TICKS = 5
_LOST_NS = 5_000_000_000

REPORTLESS_TICKS = 15  # without receiver reports: then the client's own counters are believed
_MILLISECONDS = 1000  # clock rate of a client's jitter

Ticks = dict[StreamName, StreamTick]


class PeerQuality:
    """Folds a connection's ticks into a reading.

    Args:
        table: Where the streams of all connections are scored together; None for one of its own.
    """

    def __init__(self, table: StreamTable | None = None) -> None:
        self.reading: Reading | None = None
        self.streams: tuple[StreamReading, ...] = ()
        self.lost = 0
        self.limited_ticks = 0
        self.heard: dict[MediaKind, ListenerStats] = {}  # the client's own words, the latest
        self._table = StreamTable() if table is None else table
        self._judge = ConnectionJudge(table=self._table)
        self._put = False
        self._told: Reading | None = None
        self._told_at = 0.0
        self._gone = False
        self._reported: dict[MediaKind, int] = {}  # seconds since the last receiver report
        self._told_by: dict[MediaKind, ReportMeter] = {}  # the client's own counters
        self._opening: dict[TrackSource, int] = {}  # seconds left until a silent track has stalled

    def tick(self, connection: Connection, now_ns: int, *, server_limited: bool) -> None:
        """Take, score and read one second of the connection."""
        self.put(connection, now_ns, server_limited=server_limited)
        self._table.tick()
        self.read()

    def put(self, connection: Connection, now_ns: int, *, server_limited: bool) -> None:
        """Take one second of the connection; the table is scored before `read`."""
        heard_ns = connection.heard_ns
        if heard_ns is None:
            return
        self.limited_ticks += server_limited
        silent_ns = now_ns - heard_ns
        if silent_ns > _LOST_NS:
            if not self._gone:
                self._gone = True
                self.reading = self._judge.lose()
                self.streams = self._judge.streams()
            return
        self._gone = False
        ticks = self._uplink(connection, now_ns)
        self._add_downlink(connection, ticks)
        trip_ns, connection.trip_ns = connection.trip_ns, None
        trip_ms = None if trip_ns is None else trip_ns / 1e6
        self._judge.put(ticks, trip_ms, server_limited=server_limited)
        self._put = True

    def read(self) -> None:
        """Take what was scored."""
        if self._put:
            self._put = False
            self.reading = self._judge.read()
            self.streams = self._judge.streams()

    def listener(self, connection: Connection, stats: Sequence[ListenerStats]) -> None:
        """Take what the client says of the media it receives."""
        for one in stats:
            self.heard[one.kind] = one
            meter = self._told_by.setdefault(one.kind, ReportMeter(_MILLISECONDS))
            gaps = sum(
                slot.rewriter.holes(None if slot.stream is None else slot.stream.progress)
                + slot.resent
                for slot in connection.slots.values()
                if slot.spec.kind is one.kind
            )
            meter.report(
                (one.packets_received + one.packets_lost) & 0xFFFFFFFF,
                one.packets_lost & 0xFFFFFF,
                round(one.jitter_ms),
                gaps,
            )

    def close(self) -> None:
        """The connection is gone: its place in the table is free."""
        self._judge.close()

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

    def _uplink(self, connection: Connection, now_ns: int) -> Ticks:
        """What settled on the tracks that flow."""
        ticks: Ticks = {}
        for track in connection.tracks.values():
            bucket = self._settled(track, now_ns)
            if not track.flowing or bucket is None:
                continue
            name = StreamName(Direction.UPLINK, track.spec.source)
            if track.audio:
                self._judge.recode(name, _robustness(redundant=track.red_type > 0))
            muted = self._rests(track, arrived=bool(bucket.arrived))
            ticks[name] = StreamTick(bucket, muted=muted)
            if track.idle:
                track.idle = False
                self._judge.sender_idle(name)
        return ticks

    def _settled(self, track: Track, now_ns: int) -> Bucket | None:
        """All layers of a track as one stream; None when it has no meter.

        Of pictures only those count that somebody watches: gaps in the others are not mended, for
        nobody asks for what is missing.
        """
        total = None
        for stream in track.layers:
            if not isinstance(stream.meter, StreamMeter):
                continue
            bucket = stream.meter.settle(now_ns)
            stream.jitter_ms = bucket.jitter_ms
            if not track.audio and not (stream.slots or stream.pending):
                bucket = Bucket(restarted=bucket.restarted)
            self.lost += bucket.lost
            total = bucket if total is None else total.plus(bucket)
        return total

    def _rests(self, track: Track, *, arrived: bool) -> bool:
        """Whether a track is silent because somebody wants it so, and not because it stalled."""
        source = track.spec.source
        if track.muted:
            self._opening[source] = OPENING_TICKS
            return True
        left = self._opening.pop(source, 0)
        if arrived or not left:
            return False
        self._opening[source] = left - 1
        return True

    def _add_downlink(self, connection: Connection, ticks: Ticks) -> None:
        """What the listener's reports settled on the slots, those of a kind seen as one stream."""
        found: dict[MediaKind, Bucket] = {}
        redundant = True
        for slot in connection.slots.values():
            if not isinstance(slot.meter, ReportMeter) or slot.track is None:
                continue
            feed = slot.stream
            redundant &= slot.red_type > 0 or not slot.audio
            sent = None if feed is None else slot.rewriter.sent(feed.progress)[0]
            bucket, kind = slot.meter.settle(sent), slot.spec.kind
            if feed is not None:
                bucket = replace(bucket, jitter_ms=_own_jitter(bucket.jitter_ms, feed.jitter_ms))
            found[kind] = found[kind].plus(bucket) if kind in found else bucket
        for kind, bucket in found.items():
            name = StreamName(Direction.DOWNLINK, kind)
            if kind is MediaKind.AUDIO:
                self._judge.recode(name, _robustness(redundant=redundant))
            ticks[name] = StreamTick(self._believed(kind, bucket))

    def _believed(self, kind: MediaKind, bucket: Bucket) -> Bucket:
        """What the receiver reports say; the client's counters where none came for long."""
        told = self._told_by[kind].settle() if kind in self._told_by else None
        missing = 0 if bucket.settled else self._reported.get(kind, 0) + 1
        self._reported[kind] = missing
        if told is None or missing <= REPORTLESS_TICKS:
            return bucket
        return replace(told, sent=bucket.sent)


def _robustness(*, redundant: bool) -> float:
    """Of sound: what the network loses counts, for what is repeated is the codec's own answer."""
    return model.BPL_OPUS_RED if redundant else model.BPL_OPUS_FEC


def _own_jitter(whole_ms: float, source_ms: float) -> float:
    """What the listener's own way adds to the jitter that the packets had when we got them.

    A listener is not charged for the speaker's uplink. Independent deviations add up as squares.
    """
    return sqrt(max(0.0, whole_ms**2 - source_ms**2))
