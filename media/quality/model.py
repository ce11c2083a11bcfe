"""The transmission rating of a link: a reduced E-model (ITU-T G.107) and the labels cut from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from media.types import QualityLabel

MODEL_VERSION = 1

# 93.2 is the rating of G.107 with every parameter at its default.
BEST_RATING = 93.2
# A very bad minute shall not delay recovery: the smoothed rating never falls below.
SCORE_FLOOR = 30.0

# Packet-loss robustness (G.107 Bpl; G.113 appendix I): how well a codec rides over loss.
BPL_OPUS = 10.0
BPL_OPUS_FEC = 20.0  # useinbandfec=1 accepted by the receiving side
BPL_OPUS_RED = 40.0  # RFC 2198 redundancy
BPL_VIDEO = 8.0  # after retransmission
BPL_OTHER_AUDIO = 10.0

ROBUSTNESS: Mapping[str, float] = {
    "opus": BPL_OPUS,
    "opus-fec": BPL_OPUS_FEC,
    "opus-red": BPL_OPUS_RED,
    "video": BPL_VIDEO,
    "other-audio": BPL_OTHER_AUDIO,
}
"""The same by the names that the API uses."""

BURST_RATIO = 1.0  # random loss; bursts are not measured
CODEC_DELAY_MS = 20.0
BUFFER_FLOOR_MS = 40.0
DELAY_KNEE_MS = 177.3  # G.107: beyond it people begin to talk into each other
DELAY_SLOPE = 0.024  # G.107 (simplified): per ms of mouth-to-ear delay
DELAY_KNEE_SLOPE = 0.11  # and beyond the knee, besides
LOSS_WEIGHT = 95.0  # G.107: what total loss costs
JITTER_TO_BUFFER = 2.0  # a jitter buffer holds about twice the mean deviation


@dataclass(frozen=True, slots=True)
class LabelEdges:
    """Where a label ends: hysteresis between two edges of the smoothed rating.

    Attributes:
        leave_below: The label is left downwards below this.
        enter_at: The label is entered upwards at or above this.
    """

    leave_below: float
    enter_at: float


EDGES: Mapping[QualityLabel, LabelEdges] = {
    QualityLabel.EXCELLENT: LabelEdges(80.0, 84.0),
    QualityLabel.GOOD: LabelEdges(70.0, 74.0),
    QualityLabel.FAIR: LabelEdges(60.0, 64.0),
}
"""The labels above `poor`, best first."""

RANK: Mapping[QualityLabel, int] = {
    QualityLabel.POOR: 0,
    QualityLabel.FAIR: 1,
    QualityLabel.GOOD: 2,
    QualityLabel.EXCELLENT: 3,
}
"""Labels in order, worst first."""

LOWEST, HIGHEST = QualityLabel.POOR, QualityLabel.EXCELLENT


@dataclass(frozen=True, slots=True)
class Rating:
    """What the E-model says about one window.

    Attributes:
        r: Transmission rating, 0 to 93.2.
        loss_term: Impairment by loss (Ie).
        delay_term: Impairment by path delay with the smallest jitter buffer (Id).
        jitter_term: What the larger jitter buffer adds to Id.
    """

    r: float
    loss_term: float
    delay_term: float
    jitter_term: float

    @property
    def mos(self) -> float:
        """Mean opinion score, 1 to about 4.4."""
        return mos(self.r)

    @property
    def reason(self) -> str:
        """The greatest term: `loss`, `delay` or `jitter`, ties in this order."""
        worst = max(self.loss_term, self.delay_term, self.jitter_term)
        if worst == self.loss_term:
            return "loss"
        return "delay" if worst == self.delay_term else "jitter"


def rating(
    loss_percent: float,
    pps: float,
    pps_mode: float,
    rtt_ms: float,
    jitter_ms: float,
    bpl: float,
) -> Rating:
    """Rate a window.

    Args:
        loss_percent: Settled packets that were lost, 0 to 100.
        pps: Settled packets per second in the window.
        pps_mode: The stream's usual packets per second; fewer (DTX) make one loss weigh less.
        rtt_ms: Round trip.
        jitter_ms: RFC 3550 interarrival jitter.
        bpl: Loss robustness of the codec, one of the `BPL_` constants.
    """
    weighted = loss_percent * sqrt(min(1.0, pps / pps_mode))
    loss_term = LOSS_WEIGHT * weighted / (weighted / BURST_RATIO + bpl)
    buffer_ms = max(BUFFER_FLOOR_MS, JITTER_TO_BUFFER * jitter_ms)
    path_ms = rtt_ms / 2 + CODEC_DELAY_MS
    delay_term = _delay_impairment(path_ms + BUFFER_FLOOR_MS)
    jitter_term = _delay_impairment(path_ms + buffer_ms) - delay_term
    r = min(BEST_RATING, max(0.0, BEST_RATING - delay_term - jitter_term - loss_term))
    return Rating(r, loss_term, delay_term, jitter_term)


def mos(r: float) -> float:
    """Mean opinion score of a rating (G.107 annex B)."""
    if r <= 0:
        return 1.0
    # The cubic dips below 1 for ratings under 6.5.
    return max(1.0, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r))


def label_downwards(score: float) -> QualityLabel:
    """The label of a score by the downward edges."""
    for label, edges in EDGES.items():
        if score >= edges.leave_below:
            return label
    return QualityLabel.POOR


def label_upwards(score: float) -> QualityLabel:
    """The label of a score by the upward edges."""
    for label, edges in EDGES.items():
        if score >= edges.enter_at:
            return label
    return QualityLabel.POOR


def _delay_impairment(one_way_ms: float) -> float:
    return DELAY_SLOPE * one_way_ms + DELAY_KNEE_SLOPE * max(0.0, one_way_ms - DELAY_KNEE_MS)
