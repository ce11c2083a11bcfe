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
        self._history = np.zeros((0, HISTORY_TICKS))
        self._columns = np.zeros((len(_COLUMNS), 0))
        self._bpl = np.zeros(0)
        self._stalls = np.zeros(0, dtype=bool)

    def __len__(self) -> int:
        return self._used - len(self._free)

    def add(self, bpl: float, *, pps_mode: float = 50.0, stalls: bool = True) -> int:
        """A row for a new stream.

        Args:
            bpl: Loss robustness of the codec (`media.quality.model`).
            pps_mode: Usual packets per second until it is measured.
            stalls: Silence of an unmuted stream is suspicious; false for streams that are measured
                by rare reports.
        """
        if self._free:
            row = self._free.pop()
        else:
            row, self._used = self._used, self._used + 1
            if row >= len(self._bpl):
                self._grow(max(_FIRST_ROWS, 2 * row))
        self._window[:, row] = 0
        self._history[row] = 0
        self._columns[:, row] = 0
        self._columns[_LABEL, row] = -1
        self._bpl[row], self._stalls[row] = bpl, stalls
        self._modes.start(row, pps_mode)
        self._reread(row)
        return row

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
        news = np.array(self._news, dtype=float).reshape(len(rows), -1).T
        self._put, self._news = [], []
        for row in rows[news[2] > 0]:
            self._forget(row)
        settled = news[0] + news[1]
        self._append(rows, settled, news)
        self._rate(rows, news)
        self.lengths = self._columns[_LENGTH].astype(int).tolist()
        self._known.read(self._columns)

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
        return [self._known.state(row) for row in rows]

    def worst(self, rows: Iterable[int]) -> int | None:
        """The row that speaks for them: lowest label, then score; None when none is active."""
        rank = self._known.rank
        worst = min(rows, key=rank.__getitem__, default=None)
        return None if worst is None or rank[worst] >= _SILENT_RANK else worst

    def reading(self, row: int, direction: Direction, source: str) -> StreamReading:
        """What is known of a stream, as it is told to others."""
        known = self._known
        return StreamReading(
            direction,
            source,
            known.label[row],
            known.told_score[row],
            known.reason[row],
            known.packets[row],
            known.lost[row],
            known.told_jitter[row],
            known.rank[row] < _SILENT_RANK,
        )

    # Steps of a tick

    def _append(self, rows: Array, settled: Array, news: Array) -> None:
        """The windows move on; silence is taken for rest or for a stall."""
        columns, window = self._columns, self._window
        columns[_PACKETS, rows] += settled
        columns[_LOSSES, rows] += news[1]
        moved = window[:, rows]
        moved[:, :, :-1] = moved[:, :, 1:]
        moved[_SETTLED, :, -1], moved[_LOST, :, -1] = settled, news[1]
        moved[_JITTER, :, -1], moved[_MADE_UP, :, -1] = news[3], 0
        columns[_LENGTH, rows] = length = np.minimum(columns[_LENGTH, rows] + 1, WIDE_TICKS)
        moved[_FLOWED, :, -1] = news[8]
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
        moved[_MADE_UP, stalled, -1] = np.rint(self._modes.value[rows][stalled])
        columns[_BUSY, rows], columns[_IDLE, rows], columns[_EMPTY, rows] = busy, idle, empty
        window[:, rows] = moved

    def _rate(self, rows: Array, news: Array) -> None:
        """Fold the windows, and rate the streams of which enough is known."""
        columns = self._columns
        narrow, wide = self._folded(rows, NARROW_TICKS), self._folded(rows, WIDE_TICKS)
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
        weighted = percent * np.sqrt(np.minimum(1.0, flowed / ticks / self._modes.value[rows]))
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

    def _folded(self, rows: Array, ticks: int) -> Array:
        """Settled (made-up losses included), lost, highest jitter, made up, flowed."""
        window = self._window[:, rows, -ticks:]
        settled, lost, _, made_up, flowed = window.sum(axis=2)
        jitter = window[_JITTER].max(axis=1)
        return np.stack([settled + made_up, lost + made_up, jitter, made_up, flowed + made_up])

    def _smooth(self, rows: Array, rated: Array) -> None:
        columns = self._columns
        before = columns[_SCORE, rows]
        share = np.where(rated < before, FALL, RISE)
        score = np.where(columns[_LABEL, rows] < 0, rated, share * rated + (1 - share) * before)
        columns[_SCORE, rows] = score = np.maximum(model.SCORE_FLOOR, score)
        history = self._history[rows]
        history[:, :-1] = history[:, 1:]
        history[:, -1] = score
        self._history[rows] = history
        columns[_SCORES, rows] = np.minimum(columns[_SCORES, rows] + 1, HISTORY_TICKS)

    def _relabel(self, rows: Array, *, may_fall: Array) -> None:
        columns, history = self._columns, self._history[rows]
        known = columns[_SCORES, rows]
        label = columns[_LABEL, rows].astype(int)
        target = _label(columns[_SCORE, rows], _LEAVE)
        steps = label - target
        below = history < _LEAVE[np.maximum(label, 0)][:, None]
        below &= np.arange(HISTORY_TICKS) >= HISTORY_TICKS - known[:, None]
        falls = (steps > 1) | ((steps == 1) & (below.sum(axis=1) >= 2))
        fresh = label < 0
        new = np.where(fresh | (may_fall & falls), target, label)
        raised = _label(history.min(axis=1), _ENTER)
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
        self._known.read(self._columns, row)
        self.lengths[row] = 0

    def _forget(self, row: int) -> None:
        self._window[:, row] = 0
        self._history[row] = 0
        for column in (_LENGTH, _SCORES, _BUSY, _EMPTY):
            self._columns[column, row] = 0

    def _grow(self, rows: int) -> None:
        more = rows - len(self._bpl)
        self._window = np.pad(self._window, ((0, 0), (0, more), (0, 0)))
        self._history = np.pad(self._history, ((0, more), (0, 0)))
        self._columns = np.pad(self._columns, ((0, 0), (0, more)))
        self._bpl = np.pad(self._bpl, (0, more))
        self._stalls = np.pad(self._stalls, (0, more))
        self._modes.grow(rows)
        self._known.grow(more)
        self.lengths += [0] * more


_SETTLED, _LOST, _JITTER, _MADE_UP, _FLOWED = range(5)
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
    """What readers ask for, as lists: reading numpy one by one costs more than all of a tick."""

    def __init__(self) -> None:
        self.label: list[QualityLabel | None] = []
        self.score: list[float] = []
        self.reason: list[str | None] = []
        self.held: list[int] = []
        self.packets: list[int] = []
        self.lost: list[int] = []
        self.loss_percent: list[float] = []
        self.jitter_ms: list[float] = []
        self.rank: list[float] = []  # the worst has the lowest
        self.told_score: list[float] = []  # with no more digits than mean something
        self.told_jitter: list[float] = []

    def grow(self, rows: int) -> None:
        for name, each in vars(self).items():
            each.extend([_SILENT_RANK if name == "rank" else None] * rows)

    def read(self, columns: Array, row: int | None = None) -> None:
        """Take all rows, or one."""
        at = slice(None) if row is None else slice(row, row + 1)
        part = columns[:, at]
        code = part[_LABEL].astype(int)
        active = (code >= 0) & (part[_HELD] <= ACTIVE_TICKS)
        self.label[at] = _LABEL_OF[code + 1].tolist()
        self.score[at] = part[_SCORE].tolist()
        self.reason[at] = _REASON_OF[part[_REASON].astype(int)].tolist()
        self.held[at] = part[_HELD].astype(int).tolist()
        self.packets[at] = part[_PACKETS].astype(int).tolist()
        self.lost[at] = part[_LOSSES].astype(int).tolist()
        self.loss_percent[at] = part[_LOSS_PERCENT].tolist()
        self.jitter_ms[at] = part[_WINDOW_JITTER].tolist()
        self.told_score[at] = part[_SCORE].round(1).tolist()
        self.told_jitter[at] = part[_WINDOW_JITTER].round(2).tolist()
        self.rank[at] = np.where(active, 1000.0 * code + part[_SCORE], _SILENT_RANK).tolist()

    def state(self, row: int) -> StreamState:
        return StreamState(
            self.label[row],
            self.score[row],
            self.reason[row],
            self.held[row],
            self.packets[row],
            self.lost[row],
            self.loss_percent[row],
            self.jitter_ms[row],
        )


def _label(scores: Array, edges: Array) -> Array:
    """The highest label whose edge a score reaches."""
    return np.searchsorted(edges, scores, side="right") - 1


def _delay_impairment(one_way_ms: Array) -> Array:
    beyond = np.maximum(0.0, one_way_ms - model.DELAY_KNEE_MS)
    return model.DELAY_SLOPE * one_way_ms + model.DELAY_KNEE_SLOPE * beyond
