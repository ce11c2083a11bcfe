"""All streams of a process, judged together: one row a stream, one pass of numpy a second; pure.

The rules are those of `docs/explanation`: windows, smoothing, hysteresis, and what silence means.
Columns hold what a stream remembers; a tick is put for some rows and then scored for all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from media.quality import model
from media.quality.measure import Bucket
from media.quality.rates import PacketRateModes
from media.types import Direction, QualityLabel, StreamReading

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

REASONS = (None, "loss", "delay", "jitter", "stalled", "transport")
_STALLED, _TRANSPORT = 4, 5
LABELS = tuple(sorted(QualityLabel, key=lambda label: model.RANK[label]))
"""By their codes, worst first; -1 is no label."""

_EDGES = [model.EDGES[label] for label in LABELS[1:]]
_LEAVE = np.array([-np.inf, *(edge.leave_below for edge in _EDGES)])
_ENTER = np.array([-np.inf, *(edge.enter_at for edge in _EDGES)])
_EXCELLENT = len(LABELS) - 1

Array: TypeAlias = NDArray[Any]
_FIRST_ROWS = 64


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is known of one stream after a tick.

    Attributes:
        label: None while too little is known.
        score: Smoothed transmission rating.
        reason: As in `media.types.Reading`.
        held: Ticks for which nothing was judged.
        packets: Settled so far, whatever their fate.
        lost: Settled so far as lost.
        loss_percent: Of the window.
        jitter_ms: Highest of the window.
    """

    label: QualityLabel | None
    score: float
    reason: str | None
    held: int
    packets: int
    lost: int
    loss_percent: float
    jitter_ms: float

    @property
    def active(self) -> bool:
        """Whether the stream speaks for its connection."""
        return self.label is not None and self.held <= ACTIVE_TICKS


class StreamTable:
    """Rows of streams; grows by itself.

    Attributes:
        lengths: Of each row, ticks since the stream began or began anew, 15 at most.
    """

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._known = _Known()
        self._free: list[int] = []
        self._used = 0
        self._put: list[int] = []
        self._news: list[float] = []  # nine of each row that was put
        self._modes = PacketRateModes()
        self._window = np.zeros((5, 0, WIDE_TICKS))  # settled, lost, jitter, made up, flowed
        self._history = np.zeros((HISTORY_TICKS, 0))
        self._columns = np.zeros((len(_COLUMNS), 0))
        self._bpl = np.zeros(0)
        self._stalls = np.zeros(0, dtype=bool)
        self._rests = np.zeros(0, dtype=bool)

    def __len__(self) -> int:
        return self._used - len(self._free)

    def add(
        self,
        bpl: float,
        *,
        pps_mode: float = 50.0,
        stalls: bool = True,
        rests: bool = True,
        direction: Direction = Direction.UPLINK,
        source: str = "",
    ) -> int:
        """A row for a new stream.

        Args:
            bpl: Loss robustness of the codec (`media.quality.model`).
            pps_mode: Usual packets per second until it is measured.
            stalls: Silence of an unmuted stream is suspicious; false for streams that are measured
                by rare reports.
            rests: Few packets mean silence, in which one loss weighs less; false for pictures, of
                which few packets are small ones that miss each lost packet as much.
            direction: As it is told in readings.
            source: As it is told in readings.
        """
        if self._free:
            row = self._free.pop()
        else:
            row, self._used = self._used, self._used + 1
            if row >= len(self._bpl):
                self._grow(max(_FIRST_ROWS, 2 * row))
        self._window[:, row] = 0
        self._history[:, row] = 0
        self._columns[:, row] = 0
        self._columns[_LABEL, row] = -1
        self._bpl[row], self._stalls[row], self._rests[row] = bpl, stalls, rests
        self._modes.start(row, pps_mode)
        self._known.name(row, direction, source)
        self._reread(row)
        return row

    def recode(self, row: int, bpl: float) -> None:
        """The stream has another codec: from now on its loss robustness is this."""
        self._bpl[row] = bpl

    def remove(self, row: int) -> None:
        """The stream is gone; its row is given to another."""
        self._free.append(row)

    def put(
        self,
        row: int,
        bucket: Bucket,
        narrow_trip_ms: float,
        wide_trip_ms: float,
        muted: bool = False,  # noqa: FBT001, FBT002  (called for each stream and second)
        limited: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """One second of a stream, scored by the next `tick`.

        Args:
            row: Its row; put once a tick.
            bucket: What settled in it.
            narrow_trip_ms: Highest round trip of as many ticks as the narrow window has.
            wide_trip_ms: The same for the wide window.
            muted: The sender or we have silenced the stream.
            limited: Our own event loop stalled: the label must not fall.
        """
        self._put.append(row)
        arrived, lost = bucket.received + bucket.recovered, bucket.lost
        self._news += (
            arrived,
            lost,
            bucket.restarted,
            bucket.jitter_ms,
            muted,
            limited,
            narrow_trip_ms,
            wide_trip_ms,
            arrived + lost if bucket.sent is None else bucket.sent,
        )

    def tick(self) -> None:
        """Score every row that was put since the last tick."""
        if not self._put:
            return
        rows = np.array(self._put)
        news = np.fromiter(self._news, float).reshape(len(rows), -1).T
        self._put, self._news = [], []
        for row in rows[news[2] > 0]:
            self._forget(row)
        settled = news[0] + news[1]
        self._rate(rows, news, self._append(rows, settled, news))
        self._read(rows)

    def lose(self, row: int) -> None:
        """The transport is lost: held, and poor as soon as packets come again."""
        columns = self._columns
        columns[_WAS_LOST, row] = 1
        columns[_LABEL, row] = 0
        columns[_SCORE, row] = model.SCORE_FLOOR
        columns[_REASON, row] = _TRANSPORT
        columns[_HELD, row] = ACTIVE_TICKS + 1
        self._forget(row)
        self._reread(row)

    def sender_idle(self, row: int) -> None:
        """A sender report shows that nothing was sent: the silence is no stall."""
        self._columns[_IDLE, row] = 1
        self._window[_MADE_UP, row] = 0

    def states(self, rows: Sequence[int]) -> list[StreamState]:
        """What is known of these streams, in this order."""
        return [_state(*self._columns[:, row].tolist()) for row in rows]

    def worst(self, rows: Iterable[int]) -> int | None:
        """The row that speaks for them: lowest label, then score; None when none is active."""
        rank = self._known.rank
        worst = min(rows, key=rank.__getitem__, default=None)
        return None if worst is None or rank[worst] >= _SILENT_RANK else worst

    def reading(self, row: int) -> StreamReading:
        """What is known of a stream, as it is told to others."""
        return self._known.reading[row]

    def loss_percent(self, row: int) -> float:
        """Of the stream's window, as it is told to others."""
        return self._known.loss_percent[row]

    # Steps of a tick

    def _append(self, rows: Array, settled: Array, news: Array) -> Array:
        """The windows move on; silence is taken for rest or for a stall.

        Returns:
            Those of these rows.
        """
        columns, window = self._columns, self._window
        columns[_PACKETS, rows] += settled
        columns[_LOSSES, rows] += news[1]
        moved = window.take(rows, axis=1)  # several times as quick as an index
        moved[:, :, :-1] = moved[:, :, 1:]
        last = moved[:, :, -1]
        last[_SETTLED], last[_LOST], last[_JITTER], last[_MADE_UP] = settled, news[1], news[3], 0
        columns[_LENGTH, rows] = length = np.minimum(columns[_LENGTH, rows] + 1, WIDE_TICKS)
        last[_FLOWED] = news[8]
        self._modes.add(rows, news[8])
        came = news[0] > 0
        ticks = np.minimum(length, NARROW_TICKS)
        recent = moved[_SETTLED, :, -NARROW_TICKS:].sum(axis=1)
        busy = np.where(came, recent >= BUSY_PPS * ticks, columns[_BUSY, rows] > 0)
        idle = ~came & (columns[_IDLE, rows] > 0)
        rests = came | (news[4] > 0) | idle | ~self._stalls[rows]
        empty = np.where(rests, 0, columns[_EMPTY, rows] + 1)
        moved[_MADE_UP, rests] = 0
        stalled = ~rests & busy & (empty > STALL_TICKS)
        last[_MADE_UP, stalled] = np.rint(self._modes.value[rows][stalled])
        columns[_BUSY, rows], columns[_IDLE, rows], columns[_EMPTY, rows] = busy, idle, empty
        window[:, rows] = moved
        return moved

    def _rate(self, rows: Array, news: Array, window: Array) -> None:
        """Fold the windows, and rate the streams of which enough is known."""
        columns = self._columns
        narrow, wide = _folded(window)
        near = narrow[0] >= ENOUGH_FOR_NARROW
        known = near | (wide[0] >= ENOUGH_TO_JUDGE)
        judged = known & ~((news[4] > 0) & (news[0] == 0))
        columns[_HELD, rows] = np.where(judged, 0, columns[_HELD, rows] + 1)
        if not judged.any():
            return
        rows, near = rows[judged], near[judged]
        total, lost, jitter, made_up, flowed = np.where(near, narrow[:, judged], wide[:, judged])
        length = columns[_LENGTH, rows]
        ticks = np.where(near, np.minimum(length, NARROW_TICKS), length)
        percent = 100.0 * lost / total
        columns[_LOSS_PERCENT, rows], columns[_WINDOW_JITTER, rows] = percent, jitter
        trips = np.where(near, news[6][judged], news[7][judged])
        share = np.minimum(1.0, flowed / ticks / self._modes.value[rows])
        weighted = percent * np.where(self._rests[rows], np.sqrt(share), 1.0)
        loss_term = model.LOSS_WEIGHT * weighted / (weighted / model.BURST_RATIO + self._bpl[rows])
        path = trips / 2 + model.CODEC_DELAY_MS
        buffer = np.maximum(model.BUFFER_FLOOR_MS, model.JITTER_TO_BUFFER * jitter)
        delay_term = _delay_impairment(path + model.BUFFER_FLOOR_MS)
        jitter_term = _delay_impairment(path + buffer) - delay_term
        rated = np.clip(
            model.BEST_RATING - delay_term - jitter_term - loss_term, 0, model.BEST_RATING
        )
        self._smooth(rows, rated)
        self._relabel(rows, may_fall=news[5][judged] == 0)
        worst = np.maximum(loss_term, np.maximum(delay_term, jitter_term))
        named = np.where(worst == loss_term, 1, np.where(worst == delay_term, 2, 3))
        self._explain(rows, rated, named, made_up > 0)

    def _smooth(self, rows: Array, rated: Array) -> None:
        columns = self._columns
        before = columns[_SCORE, rows]
        share = np.where(rated < before, FALL, RISE)
        score = np.where(columns[_LABEL, rows] < 0, rated, share * rated + (1 - share) * before)
        columns[_SCORE, rows] = score = np.maximum(model.SCORE_FLOOR, score)
        history = self._history[:, rows]
        history[:-1] = history[1:]
        history[-1] = score
        self._history[:, rows] = history
        columns[_SCORES, rows] = np.minimum(columns[_SCORES, rows] + 1, HISTORY_TICKS)

    def _relabel(self, rows: Array, *, may_fall: Array) -> None:
        columns, history = self._columns, self._history[:, rows]
        known = columns[_SCORES, rows]
        label = columns[_LABEL, rows].astype(int)
        target = _label(columns[_SCORE, rows], _LEAVE)
        steps = label - target
        below = history < _LEAVE[np.maximum(label, 0)]
        below &= np.arange(HISTORY_TICKS)[:, None] >= HISTORY_TICKS - known
        falls = (steps > 1) | ((steps == 1) & (below.sum(axis=0) >= 2))
        fresh = label < 0
        new = np.where(fresh | (may_fall & falls), target, label)
        raised = _label(history.min(axis=0), _ENTER)
        new = np.where((known == HISTORY_TICKS) & (raised > new), raised, new)
        came_back = columns[_WAS_LOST, rows] > 0
        columns[_LABEL, rows] = np.where(came_back, label, new)
        columns[_WAS_LOST, rows] = 0

    def _explain(self, rows: Array, rated: Array, named: Array, made_up: Array) -> None:
        """A clean link whose label is about to rise keeps the reason that lowered it."""
        columns = self._columns
        reason = columns[_REASON, rows]
        poorer = rated < _ENTER[_EXCELLENT]
        reason = np.where((reason == 0) | poorer, named, reason)
        reason = np.where(made_up, _STALLED, reason)
        columns[_REASON, rows] = np.where(columns[_LABEL, rows] == _EXCELLENT, 0, reason)

    def _reread(self, row: int) -> None:
        self._read(np.array([row]))

    def _read(self, rows: Array) -> None:
        part, places = self._columns[:, rows], rows.tolist()
        self._known.read(places, part)
        for row, length in zip(places, part[_LENGTH].astype(int).tolist(), strict=True):
            self.lengths[row] = length

    def _forget(self, row: int) -> None:
        self._window[:, row] = 0
        self._history[:, row] = 0
        for column in (_LENGTH, _SCORES, _BUSY, _EMPTY):
            self._columns[column, row] = 0

    def _grow(self, rows: int) -> None:
        more = rows - len(self._bpl)
        self._window = np.pad(self._window, ((0, 0), (0, more), (0, 0)))
        self._history = np.pad(self._history, ((0, 0), (0, more)))
        self._columns = np.pad(self._columns, ((0, 0), (0, more)))
        self._bpl = np.pad(self._bpl, (0, more))
        self._stalls = np.pad(self._stalls, (0, more))
        self._rests = np.pad(self._rests, (0, more))
        self._modes.grow(rows)
        self._known.grow(more)
        self.lengths += [0] * more


_SETTLED, _LOST, _JITTER, _MADE_UP, _FLOWED = range(5)
# Sums of both windows as one product, which is quicker than adding so few numbers at a time.
_SUMS = np.ones((WIDE_TICKS, 2))
_SUMS[:-NARROW_TICKS, 0] = 0
_COLUMNS = (
    "label",
    "score",
    "reason",
    "held",
    "packets",
    "lost",
    "loss percent",
    "jitter",
    "length",
    "scores",
    "was lost",
    "busy",
    "idle",
    "empty",
)
(
    _LABEL,
    _SCORE,
    _REASON,
    _HELD,
    _PACKETS,
    _LOSSES,
    _LOSS_PERCENT,
    _WINDOW_JITTER,
    _LENGTH,
    _SCORES,
    _WAS_LOST,
    _BUSY,
    _IDLE,
    _EMPTY,
) = range(len(_COLUMNS))


_LABEL_OF = np.array([None, *LABELS], dtype=object)
_REASON_OF = np.array(REASONS, dtype=object)
_SILENT_RANK = 1e6  # beyond every label and score


class _Known:
    """What readers ask for, by row; made for all rows of a tick at once.

    Reading numpy item by item would cost more than all of a tick, and so would a constructor of
    Python's for each stream.
    """

    def __init__(self) -> None:
        self.reading: list[StreamReading] = []
        self.loss_percent: list[float] = []  # with no more digits than mean something
        self.rank: list[float] = []  # the worst has the lowest
        self._direction: list[Direction] = []
        self._source: list[str] = []

    def grow(self, rows: int) -> None:
        self.reading += [_UNKNOWN] * rows
        self.loss_percent += [0.0] * rows
        self.rank += [_SILENT_RANK] * rows
        self._direction += [_UNKNOWN.direction] * rows
        self._source += [_UNKNOWN.source] * rows

    def name(self, row: int, direction: Direction, source: str) -> None:
        self._direction[row], self._source[row] = direction, source

    def read(self, rows: Sequence[int], part: Array) -> None:
        """Take the columns of some rows."""
        code = part[_LABEL].astype(int)
        active = (code >= 0) & (part[_HELD] <= ACTIVE_TICKS)
        facts = zip(
            [self._direction[row] for row in rows],
            [self._source[row] for row in rows],
            _LABEL_OF[code + 1].tolist(),
            part[_SCORE].round(1).tolist(),
            _REASON_OF[part[_REASON].astype(int)].tolist(),
            part[_PACKETS].astype(int).tolist(),
            part[_LOSSES].astype(int).tolist(),
            part[_WINDOW_JITTER].round(2).tolist(),
            active.tolist(),
            strict=True,
        )
        ranks = np.where(active, 1000.0 * code + part[_SCORE], _SILENT_RANK).tolist()
        losses = part[_LOSS_PERCENT].round(2).tolist()
        made = map(StreamReading._make, facts)
        for row, reading, rank, loss in zip(rows, made, ranks, losses, strict=True):
            self.reading[row], self.rank[row], self.loss_percent[row] = reading, rank, loss


_UNKNOWN = StreamReading(Direction.UPLINK, "", None, 0.0, None, 0, 0, 0.0, active=False)


def _state(  # noqa: PLR0913, PLR0917  (a row, in the order of the columns)
    label: float,
    score: float,
    reason: float,
    held: float,
    packets: float,
    lost: float,
    loss_percent: float,
    jitter_ms: float,
    *_: float,
) -> StreamState:
    return StreamState(
        _LABEL_OF[int(label) + 1],
        score,
        REASONS[int(reason)],
        int(held),
        int(packets),
        int(lost),
        loss_percent,
        jitter_ms,
    )


def _folded(window: Array) -> tuple[Array, Array]:
    """The narrow and the wide window; made-up losses are among the settled and the lost."""
    sums = window @ _SUMS
    narrow, wide = sums[:, :, 0], sums[:, :, 1]
    narrow[_JITTER] = window[_JITTER, :, -NARROW_TICKS:].max(axis=1)
    wide[_JITTER] = window[_JITTER].max(axis=1)
    for folded in (narrow, wide):
        for counted in (_SETTLED, _LOST, _FLOWED):
            folded[counted] += folded[_MADE_UP]
    return narrow, wide


def _label(scores: Array, edges: Array) -> Array:
    """The highest label whose edge a score reaches."""
    return np.searchsorted(edges, scores, side="right") - 1


def _delay_impairment(one_way_ms: Array) -> Array:
    beyond = np.maximum(0.0, one_way_ms - model.DELAY_KNEE_MS)
    return model.DELAY_SLOPE * one_way_ms + model.DELAY_KNEE_SLOPE * beyond
