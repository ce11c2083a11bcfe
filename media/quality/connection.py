"""From streams to their connection: the worst active stream speaks for it; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from media.quality import model
from media.quality.judge import RoundTrips, StreamJudge
from media.quality.measure import Bucket
from media.types import Direction, MediaKind, Reading, StreamReading, TrackSource

_VIDEO = frozenset((TrackSource.CAMERA, TrackSource.SCREEN, MediaKind.VIDEO))


@dataclass(frozen=True, slots=True)
class StreamName:
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


class ConnectionJudge:
    """Judges one connection by all its streams.

    Args:
        bpl: Loss robustness of its audio codec (`media.quality.model`).
    """

    def __init__(self, bpl: float = model.BPL_OPUS_FEC) -> None:
        self._bpl = bpl
        self._streams: dict[StreamName, StreamJudge] = {}
        self._trips = RoundTrips()
        self._reading: Reading | None = None

    def stream(self, name: StreamName) -> StreamJudge:
        """The judge of one stream."""
        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = self._new(name)
        return found

    def tick(
        self,
        ticks: Mapping[StreamName, StreamTick],
        rtt_ms: float | None,
        *,
        server_limited: bool = False,
    ) -> Reading | None:
        """Take one second.

        Args:
            ticks: What was measured; streams that are missing have nothing to send.
            rtt_ms: The highest round trip seen in this second, None when there was none.
            server_limited: Our event loop lagged more than 50 ms: the label must not fall.

        Returns:
            The reading, kept over silence; None while too little is known.
        """
        self._trips.tick(rtt_ms)
        for name in ticks:
            _ = self.stream(name)
        for name, stream in self._streams.items():
            one = ticks.get(name) or StreamTick(Bucket(), muted=True)
            stream.tick(one.bucket, self._trips, muted=one.muted, limited=server_limited)
        self._judge()
        return self._reading

    def lose(self) -> Reading:
        """Nothing authenticated arrives any more: poor, by `transport`, until packets return."""
        self._trips.clear()
        for stream in self._streams.values():
            stream.lose()
        loss = self._reading.loss_percent if self._reading else 0.0
        lost = Reading(model.LOWEST, model.SCORE_FLOOR, "transport", loss, None, 0.0)
        return self._keep(lost)

    def streams(self) -> tuple[StreamReading, ...]:
        """Every stream by itself, in order of appearance."""
        return tuple(
            StreamReading(
                name.direction,
                name.source.value,
                stream.label,
                round(stream.score, 1),
                stream.reason,
                stream.packets,
                stream.lost,
                round(stream.window.jitter_ms, 2),
                stream.active,
            )
            for name, stream in self._streams.items()
        )

    def _new(self, name: StreamName) -> StreamJudge:
        video = name.source in _VIDEO
        # What a listener gets is told by rare reports, and a camera may pause at will: only a
        # microphone that falls silent without a word is suspicious.
        stalls = name.direction is Direction.UPLINK and not video
        return StreamJudge(model.BPL_VIDEO if video else self._bpl, stalls=stalls)

    def _judge(self) -> None:
        worst = _worst((n, s) for n, s in self._streams.items() if s.active)
        if worst is None:
            if self._reading is not None:
                self._reading = replace(
                    self._reading, active=False, age_seconds=self._reading.age_seconds + 1
                )
            return
        name, stream = worst
        if stream.label is not None:
            reading = Reading(
                stream.label,
                round(stream.score, 1),
                stream.reason,
                round(stream.window.loss_percent, 2),
                self._trips.latest,
                round(stream.window.jitter_ms, 2),
                name.direction,
                name.source.value,
            )
            _ = self._keep(reading)

    def _keep(self, reading: Reading) -> Reading:
        before = self._reading
        if before is not None and before.label is reading.label:
            reading = replace(reading, age_seconds=before.age_seconds + 1)
        self._reading = reading
        return reading


def _worst(
    streams: Iterable[tuple[StreamName, StreamJudge]],
) -> tuple[StreamName, StreamJudge] | None:
    """Ties of labels go to the lower score, then to the uplink."""
    return min(
        streams,
        key=lambda pair: (
            model.RANK[pair[1].label or model.HIGHEST],
            pair[1].score,
            pair[0].direction is Direction.DOWNLINK,
        ),
        default=None,
    )
