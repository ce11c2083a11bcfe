"""From streams to their connection: the worst active stream speaks for it; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from media.quality import model
from media.quality.measure import Bucket
from media.quality.table import NARROW_TICKS, WIDE_TICKS, StreamState, StreamTable
from media.quality.trips import RoundTrips
from media.types import Direction, MediaKind, QualityLabel, Reading, StreamReading, TrackSource

_VIDEO = frozenset((TrackSource.CAMERA, TrackSource.SCREEN, MediaKind.VIDEO))


class StreamName(NamedTuple):
    """Which stream of a connection.

    Attributes:
        direction: Which way.
        source: A `TrackSource` on the uplink, a `MediaKind` on the downlink, where slots of one
            kind are seen as one.
    """

    direction: Direction
    source: TrackSource | MediaKind


@dataclass(frozen=True, slots=True)
class StreamTick:
    """One second of a stream.

    Attributes:
        bucket: What settled.
        muted: Its owner or we have silenced it; nothing is expected.
    """

    bucket: Bucket
    muted: bool = False


_SILENT = StreamTick(Bucket(), muted=True)


class ConnectionJudge:
    """Judges one connection by all its streams.

    A second is put, scored together with those of all other connections, and then read: `put`, the
    table's `tick`, `read`. A judge with a table of its own does all of it in `tick`.

    Args:
        bpl: Loss robustness of its audio codec (`media.quality.model`).
        table: Shared by the judges of a process; None for one of its own.
    """

    def __init__(self, bpl: float = model.BPL_OPUS_FEC, table: StreamTable | None = None) -> None:
        self._bpl = bpl
        self._table = StreamTable() if table is None else table
        self._bpls: dict[StreamName, float] = {}  # of sound that is coded otherwise
        self._rows: dict[StreamName, int] = {}
        self._names: dict[int, StreamName] = {}  # by row, uplinks first
        self._trips = RoundTrips()
        self._reading: Reading | None = None

    def stream(self, name: StreamName) -> StreamState:
        """What is known of one stream; it begins when it is first asked for."""
        return self._table.states([self._row(name)])[0]

    def tick(
        self,
        ticks: Mapping[StreamName, StreamTick],
        rtt_ms: float | None,
        *,
        server_limited: bool = False,
    ) -> Reading | None:
        """Put, score and read one second."""
        self.put(ticks, rtt_ms, server_limited=server_limited)
        self._table.tick()
        return self.read()

    def put(
        self,
        ticks: Mapping[StreamName, StreamTick],
        rtt_ms: float | None,
        *,
        server_limited: bool = False,
    ) -> None:
        """Take one second.

        Args:
            ticks: What was measured; streams that are missing have nothing to send.
            rtt_ms: The highest round trip seen in this second, None when there was none.
            server_limited: Our event loop lagged more than 50 ms: the label must not fall.
        """
        # A loop that was late saw the answer late: its round trip says nothing of the network, and
        # would stay in the window when the loop is in time again.
        self._trips.tick(None if server_limited else rtt_ms)
        rows, lengths, put = self._rows, self._table.lengths, self._table.put
        for name in ticks:
            if name not in rows:
                _ = self._row(name)
        worst = self._trips.worst
        full = worst(NARROW_TICKS), worst(WIDE_TICKS)
        for name, row in rows.items():
            one = ticks.get(name, _SILENT)
            bucket, length = one.bucket, lengths[row] + 1
            if bucket.restarted or length < WIDE_TICKS:
                length = 1 if bucket.restarted else length
                trips = worst(min(length, NARROW_TICKS)), worst(length)
            else:
                trips = full
            put(row, bucket, *trips, one.muted, server_limited)

    def read(self) -> Reading | None:
        """The reading once the table was scored, kept over silence; None if too little is known."""
        self._judge()
        return self._reading

    def lose(self) -> Reading:
        """Nothing authenticated arrives any more: poor, by `transport`, until packets return."""
        self._trips.clear()
        for row in self._rows.values():
            self._table.lose(row)
        loss = self._reading.loss_percent if self._reading else 0.0
        age = self._age(model.LOWEST)
        self._reading = lost = Reading(
            model.LOWEST, model.SCORE_FLOOR, "transport", loss, None, 0.0, age_seconds=age
        )
        return lost

    def recode(self, name: StreamName, bpl: float) -> None:
        """A stream of sound has this loss robustness from now on."""
        if self._bpls.get(name, self._bpl) != bpl:
            self._bpls[name] = bpl
            self._table.recode(self._row(name), bpl)

    def sender_idle(self, name: StreamName) -> None:
        """A sender report shows that nothing was sent: the silence is no stall."""
        self._table.sender_idle(self._row(name))

    def close(self) -> None:
        """Give the rows back."""
        for row in self._rows.values():
            self._table.remove(row)
        self._rows.clear()
        self._names.clear()

    def streams(self) -> tuple[StreamReading, ...]:
        """Every stream by itself, in order of appearance."""
        return tuple(map(self._table.reading, self._rows.values()))

    def _row(self, name: StreamName) -> int:
        row = self._rows.get(name)
        if row is None:
            video = name.source in _VIDEO
            # What a listener gets is told by rare reports, and a camera may pause at will: only a
            # microphone that falls silent without a word is suspicious.
            stalls = name.direction is Direction.UPLINK and not video
            bpl = model.BPL_VIDEO if video else self._bpl
            row = self._rows[name] = self._table.add(
                bpl,
                stalls=stalls,
                rests=not video,
                direction=name.direction,
                source=name.source.value,
            )
            named = [*self._names.items(), (row, name)]
            # Ties of labels and scores go to the uplink.
            self._names = dict(
                sorted(named, key=lambda pair: pair[1].direction is Direction.DOWNLINK)
            )
        return row

    def _judge(self) -> None:
        row = self._table.worst(self._names)
        if row is None:
            if self._reading is not None:
                self._reading = replace(
                    self._reading, active=False, age_seconds=self._reading.age_seconds + 1
                )
            return
        stream = self._table.reading(row)
        if stream.label is not None:
            self._reading = Reading(
                stream.label,
                stream.score,
                stream.reason,
                self._table.loss_percent(row),
                self._trips.latest,
                stream.jitter_ms,
                stream.direction,
                stream.source,
                self._age(stream.label),
            )

    def _age(self, label: QualityLabel) -> int:
        """Seconds that a label has been for, this one included."""
        before = self._reading
        return before.age_seconds + 1 if before is not None and before.label is label else 0
