"""The rules of a stream's label written out for one stream; the table is tested against them."""

from collections import deque
from dataclasses import dataclass

from media.quality import model
from media.quality.measure import Bucket
from media.quality.trips import RoundTrips
from media.types import QualityLabel

NARROW_TICKS = 5
WIDE_TICKS = 15
ENOUGH_FOR_NARROW = 25
ENOUGH_TO_JUDGE = 10
HISTORY_TICKS = 3
# A stream that sent this many packets a second and stops without a word is stalled, not quiet.
BUSY_PPS = 8
STALL_TICKS = 3
# A stream held for longer no longer speaks for its connection.
ACTIVE_TICKS = 15
FALL, RISE = 0.8, 0.4


# DTX sends 2.5 packets a second: fewer than this say nothing about the usual rate.
_MIN_PPS = 8
_MAX_PPS = 500
_BIN_PPS = 2
_RECOMPUTE_TICKS = 120
_ENOUGH_READINGS = 10


class PacketRateMode:
    """Folds packets per tick into a histogram and takes its highest bin every two minutes.

    Args:
        initial: Packets per second assumed until enough was seen: 1000 / ptime.
    """

    __slots__ = ("_counts", "_sums", "_ticks", "value")

    def __init__(self, initial: float = 50.0) -> None:
        self.value = initial
        """The usual rate in packets per second."""
        self._counts = [0.0] * (_MAX_PPS // _BIN_PPS + 1)
        self._sums = [0.0] * len(self._counts)
        self._ticks = 0

    def add(self, pps: int) -> None:
        """Take one tick's packets; ticks of near silence only let time pass."""
        self._ticks += 1
        if pps >= _MIN_PPS:
            at = min(pps, _MAX_PPS) // _BIN_PPS
            self._counts[at] += 1
            self._sums[at] += min(pps, _MAX_PPS)
        if self._ticks >= _RECOMPUTE_TICKS:
            self._ticks = 0
            self._recompute()

    def _recompute(self) -> None:
        counts = self._counts
        if sum(counts) <= _ENOUGH_READINGS:
            return
        best = max(range(len(counts)), key=lambda at: (counts[at], at))
        self.value = self._sums[best] / counts[best]
        self._counts = [count / 2 for count in counts]
        self._sums = [total / 2 for total in self._sums]


@dataclass(frozen=True, slots=True)
class Window:
    """Some ticks of one stream, folded together."""

    ticks: int
    settled: int
    lost: int
    jitter_ms: float
    flowed: int = 0

    @property
    def loss_percent(self) -> float:
        """Share of settled packets that were lost, 0 to 100."""
        return 100.0 * self.lost / self.settled if self.settled else 0.0


class StreamJudge:
    """Judges one direction of media.

    Attributes:
        packets: Settled so far, whatever their fate.
        lost: Settled so far as lost.

    Args:
        bpl: Loss robustness of the codec (`media.quality.model`).
        pps_mode: Usual packets per second until it is measured.
        stalls: Silence of an unmuted stream is suspicious; false for streams that are measured by
            rare reports.
    """

    def __init__(
        self, bpl: float, *, pps_mode: float = 50.0, stalls: bool = True, rests: bool = True
    ) -> None:
        self.label: QualityLabel | None = None
        self.score = 0.0
        self.reason: str | None = None
        self.window = Window(0, 0, 0, 0.0)
        self.held_ticks = 0
        self.packets = 0
        self.lost = 0
        self._bpl = bpl
        self._stalls = stalls
        self._rests = rests
        self._mode = PacketRateMode(pps_mode)
        self._buckets: deque[Bucket] = deque(maxlen=WIDE_TICKS)
        self._synthetic: deque[int] = deque(maxlen=WIDE_TICKS)
        self._history: deque[float] = deque(maxlen=HISTORY_TICKS)
        self._lost = False
        self._stalled = False  # whether the window holds losses that we made up
        self._idle = False
        self._busy = False
        self._empty_ticks = 0

    @property
    def active(self) -> bool:
        """Whether the stream speaks for its connection."""
        return self.label is not None and self.held_ticks <= ACTIVE_TICKS

    def tick(
        self, bucket: Bucket, trips: RoundTrips, *, muted: bool = False, limited: bool = False
    ) -> None:
        """Take one second.

        Args:
            bucket: What settled in it.
            trips: Round trips of the transport, this tick's included.
            muted: The sender or we have silenced the stream.
            limited: Our own event loop stalled: the label must not fall.
        """
        self.packets += bucket.settled
        self.lost += bucket.lost
        self._append(bucket, muted=muted)
        window = self._fold()
        if window is None or (muted and not bucket.arrived):
            self.held_ticks += 1
            return
        self.held_ticks = 0
        self.window = window
        rated = model.rating(
            window.loss_percent,
            window.flowed / window.ticks if self._rests else 1.0,
            self._mode.value if self._rests else 1.0,
            trips.worst(window.ticks),
            window.jitter_ms,
            self._bpl,
        )
        self._smooth(rated.r)
        self._relabel(may_fall=not limited)
        self._explain(rated)

    def lose(self) -> None:
        """The transport is lost: held, and poor as soon as packets come again."""
        self._lost = True
        self.label = QualityLabel.POOR
        self.score = model.SCORE_FLOOR
        self.reason = "transport"
        self.held_ticks = ACTIVE_TICKS + 1
        self._forget()

    def sender_idle(self) -> None:
        """A sender report shows that nothing was sent: the silence is no stall."""
        self._idle = True
        self._drop_synthetic()

    def _append(self, bucket: Bucket, *, muted: bool) -> None:
        if bucket.restarted:
            self._forget()
        self._buckets.append(bucket)
        self._synthetic.append(0)
        self._mode.add(bucket.flowed)
        if bucket.received or bucket.recovered:
            ticks = min(NARROW_TICKS, len(self._buckets))
            self._busy = self._sums(ticks)[0] >= BUSY_PPS * ticks
            self._idle = False
            self._empty_ticks = 0
            self._drop_synthetic()
        elif muted or self._idle or not self._stalls:
            self._empty_ticks = 0
            self._drop_synthetic()
        else:
            self._empty_ticks += 1
            if self._busy and self._empty_ticks > STALL_TICKS:
                self._synthetic[-1] = round(self._mode.value)
                self._stalled = True

    def _fold(self) -> Window | None:
        narrow = self._window(NARROW_TICKS)
        if narrow.settled >= ENOUGH_FOR_NARROW:
            return narrow
        wide = self._window(WIDE_TICKS)
        return wide if wide.settled >= ENOUGH_TO_JUDGE else None

    def _window(self, ticks: int) -> Window:
        ticks = min(ticks, len(self._buckets))
        settled, lost, jitter = self._sums(ticks)
        stalled = sum(list(self._synthetic)[-ticks:]) if self._stalled else 0
        flowed = sum(self._buckets[at].flowed for at in range(-ticks, 0))
        return Window(ticks, settled + stalled, lost + stalled, jitter, flowed + stalled)

    def _sums(self, ticks: int) -> tuple[int, int, float]:
        """Settled, lost and the highest jitter of the last ticks; called for every stream."""
        settled = lost = 0
        jitter = 0.0
        buckets = self._buckets
        for at in range(-ticks, 0):
            bucket = buckets[at]
            lost += bucket.lost
            settled += bucket.received + bucket.recovered + bucket.lost
            if bucket.jitter_ms > jitter:
                jitter = bucket.jitter_ms
        return settled, lost, jitter

    def _smooth(self, r: float) -> None:
        if self.label is None:
            score = r
        else:
            share = FALL if r < self.score else RISE
            score = share * r + (1 - share) * self.score
        self.score = max(model.SCORE_FLOOR, score)
        self._history.append(self.score)

    def _relabel(self, *, may_fall: bool) -> None:
        if self._lost:
            self._lost = False
            return
        target = model.label_downwards(self.score)
        if self.label is None or (may_fall and self._falls(self.label, target)):
            self.label = target
        if len(self._history) == HISTORY_TICKS:
            raised = model.label_upwards(min(self._history))
            if model.RANK[raised] > model.RANK[self.label]:
                self.label = raised

    def _falls(self, current: QualityLabel, target: QualityLabel) -> bool:
        steps = model.RANK[current] - model.RANK[target]
        if steps != 1:
            return steps > 1
        edge = model.EDGES[current].leave_below
        return sum(score < edge for score in self._history) >= 2

    def _explain(self, rated: model.Rating) -> None:
        if self.label is QualityLabel.EXCELLENT:
            self.reason = None
        elif self._stalled and any(list(self._synthetic)[-self.window.ticks :]):
            self.reason = "stalled"
        elif self.reason is None or rated.r < model.EDGES[QualityLabel.EXCELLENT].enter_at:
            self.reason = rated.reason
        # Else the link is clean again and the label about to rise: what lowered it stays the
        # reason, for the greatest term of a clean link explains nothing.

    def _drop_synthetic(self) -> None:
        if self._stalled:
            self._stalled = False
            for at in range(len(self._synthetic)):
                self._synthetic[at] = 0

    def _forget(self) -> None:
        self._buckets.clear()
        self._synthetic.clear()
        self._history.clear()
        self._stalled = False
        self._busy = False
        self._empty_ticks = 0
