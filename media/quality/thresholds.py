"""Where a label ends when one input alone gets worse: what charts draw and sentences name; pure."""

from collections.abc import Callable

from media.quality import model
from media.types import QualityLabel

# The clean link that the one bad input is added to.
CLEAN_RTT_MS = 40.0
CLEAN_JITTER_MS = 5.0

_STEPS = 60  # halvings: far below any digit that is shown


def loss_limit(label: QualityLabel, bpl: float) -> float:
    """The highest loss in percent that still has the label, by the downward edges."""
    return _limit(
        label,
        100.0,
        lambda loss: model.rating(loss, 1.0, 1.0, CLEAN_RTT_MS, CLEAN_JITTER_MS, bpl).r,
    )


def round_trip_limit(label: QualityLabel) -> float:
    """The highest round trip in milliseconds that still has the label."""
    return _limit(
        label,
        10_000.0,
        lambda rtt: model.rating(0.0, 1.0, 1.0, rtt, CLEAN_JITTER_MS, model.BPL_OPUS_FEC).r,
    )


def jitter_limit(label: QualityLabel) -> float:
    """The highest jitter in milliseconds that still has the label."""
    return _limit(
        label,
        10_000.0,
        lambda jitter: model.rating(0.0, 1.0, 1.0, CLEAN_RTT_MS, jitter, model.BPL_OPUS_FEC).r,
    )


def _limit(label: QualityLabel, most: float, rated: Callable[[float], float]) -> float:
    """Bisect: the rating only falls."""
    edge = model.EDGES[label].leave_below
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rated(middle) >= edge:
            low = middle
        else:
            high = middle
    return low
