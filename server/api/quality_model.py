"""The quality model as data: every constant that a label depends on, from where it is used."""

from functools import cache
from math import floor

from pydantic import BaseModel, Field

from media.quality import model, table, thresholds
from media.types import QualityLabel

FORMULA = (
    "share = min(1, packets_per_second / usual_packets_per_second) of sound, 1 of pictures",
    "weighted = loss_percent * sqrt(share)",
    "buffer_ms = max(buffer_floor_ms, jitter_to_buffer * jitter_ms)",
    "delay_ms = round_trip_ms / 2 + buffer_ms + codec_delay_ms",
    "delay_term = delay_slope * delay_ms + delay_knee_slope * max(0, delay_ms - delay_knee_ms)",
    "loss_term = loss_weight * weighted / (weighted / burst_ratio + robustness)",
    "rating = min(best, max(0, best - delay_term - loss_term))",
    "score = max(score_floor, step * rating + (1 - step) * score), step = fall or rise",
)


class RatingModel(BaseModel):
    """Constants of the rating (a reduced E-model, ITU-T G.107)."""

    best: float
    loss_weight: float
    burst_ratio: float
    delay_slope: float
    delay_knee_slope: float
    delay_knee_ms: float
    buffer_floor_ms: float
    jitter_to_buffer: float
    codec_delay_ms: float
    robustness: dict[str, float] = Field(description="How well a codec rides over loss (Bpl).")
    formula: list[str]


class SmoothingModel(BaseModel):
    """How ratings of successive seconds become a score."""

    fall: float = Field(description="Share of a rating below the score.")
    rise: float = Field(description="Share of a rating above the score.")
    score_floor: float


class WindowModel(BaseModel):
    """What a rating is taken over; one tick is a second."""

    tick_seconds: float = 1.0
    narrow_ticks: int
    wide_ticks: int
    enough_for_narrow: int = Field(description="Settled packets; with fewer the wide one counts.")
    enough_to_judge: int = Field(description="With fewer the label is held.")
    history_ticks: int = Field(description="A label rises when all of them allow it.")
    stall_after_ticks: int
    active_ticks: int = Field(description="A stream held for longer no longer counts.")


class LabelModel(BaseModel):
    """Where a label ends; the lowest has no edges."""

    label: QualityLabel
    leave_below: float | None = Field(description="Left downwards when the score is below.")
    enter_at: float | None = Field(description="Entered upwards when the score is at or above.")
    mos_at_edge: float | None


class Limits(BaseModel):
    """The worst value of one input, all else clean, that still has each label."""

    excellent: float
    good: float
    fair: float


class ThresholdModel(BaseModel):
    """The bands that charts draw."""

    loss_percent: dict[str, Limits] = Field(description="By codec.")
    round_trip_time: Limits = Field(description="Seconds.")
    jitter: Limits = Field(description="Seconds.")


class QualityModel(BaseModel):
    """How connection quality is judged."""

    version: int
    rating: RatingModel
    smoothing: SmoothingModel
    windows: WindowModel
    labels: list[LabelModel]
    thresholds: ThresholdModel
    reasons: list[str]


@cache
def quality_model() -> QualityModel:
    """The model of this version."""
    return QualityModel(
        version=model.MODEL_VERSION,
        rating=RatingModel(
            best=model.BEST_RATING,
            loss_weight=model.LOSS_WEIGHT,
            burst_ratio=model.BURST_RATIO,
            delay_slope=model.DELAY_SLOPE,
            delay_knee_slope=model.DELAY_KNEE_SLOPE,
            delay_knee_ms=model.DELAY_KNEE_MS,
            buffer_floor_ms=model.BUFFER_FLOOR_MS,
            jitter_to_buffer=model.JITTER_TO_BUFFER,
            codec_delay_ms=model.CODEC_DELAY_MS,
            robustness=dict(model.ROBUSTNESS),
            formula=list(FORMULA),
        ),
        smoothing=SmoothingModel(fall=table.FALL, rise=table.RISE, score_floor=model.SCORE_FLOOR),
        windows=WindowModel(
            narrow_ticks=table.NARROW_TICKS,
            wide_ticks=table.WIDE_TICKS,
            enough_for_narrow=table.ENOUGH_FOR_NARROW,
            enough_to_judge=table.ENOUGH_TO_JUDGE,
            history_ticks=table.HISTORY_TICKS,
            stall_after_ticks=table.STALL_TICKS,
            active_ticks=table.ACTIVE_TICKS,
        ),
        labels=_labels(),
        thresholds=_thresholds(),
        reasons=["loss", "delay", "jitter", "stalled", "transport"],
    )


def _labels() -> list[LabelModel]:
    cut = [
        LabelModel(
            label=label,
            leave_below=edges.leave_below,
            enter_at=edges.enter_at,
            mos_at_edge=round(model.mos(edges.leave_below), 2),
        )
        for label, edges in model.EDGES.items()
    ]
    lowest = LabelModel(label=QualityLabel.POOR, leave_below=None, enter_at=None, mos_at_edge=None)
    return [*cut, lowest]


def _thresholds() -> ThresholdModel:
    labels = list(model.EDGES)

    def limits(values: list[float], digits: int) -> Limits:
        # Downwards: a limit that is shown still has its label.
        excellent, good, fair = (floor(value * 10**digits) / 10**digits for value in values)
        return Limits(excellent=excellent, good=good, fair=fair)

    return ThresholdModel(
        loss_percent={
            codec: limits([thresholds.loss_limit(label, bpl) for label in labels], 2)
            for codec, bpl in model.ROBUSTNESS.items()
        },
        round_trip_time=limits([thresholds.round_trip_limit(one) / 1000 for one in labels], 3),
        jitter=limits([thresholds.jitter_limit(one) / 1000 for one in labels], 3),
    )
