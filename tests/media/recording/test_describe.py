import pytest

from media.recording.describe import MAX_PRE_SKIP, early_ticks, skipped_ns
from media.recording.manifest import Segment


@pytest.mark.parametrize(
    ("offset_ms", "duration_ms", "early"),
    [
        (0, 1000, 0),
        (5, 1000, 0),
        (-10, 1000, 480),
        (-500, 100, 4800),  # no more than there is
        (-10_000, 60_000, MAX_PRE_SKIP - 312),  # no more than a head can say
    ],
)
def test_what_was_spoken_before_the_start(offset_ms: float, duration_ms: float, early: int) -> None:
    segment = Segment(
        file="a.ogg",
        number=1,
        pre_skip=312,
        reason="start",
        first_sample_time="2026-11-20T09:00:00Z",
        offset_ms=offset_ms,
        duration_ms=duration_ms,
    )
    assert early_ticks(segment) == early


def test_only_a_longer_pre_skip_leaves_out_sound() -> None:
    assert skipped_ns(312) == 0
    assert skipped_ns(3840) == 73_500_000
