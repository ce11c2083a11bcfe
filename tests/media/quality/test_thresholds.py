import pytest

from media.quality import model
from media.quality.thresholds import jitter_limit, loss_limit, round_trip_limit
from media.types import QualityLabel

LABELS = (QualityLabel.EXCELLENT, QualityLabel.GOOD, QualityLabel.FAIR)


@pytest.mark.parametrize(
    ("bpl", "limits"),
    [
        (model.BPL_OPUS, (1.35, 2.89, 4.91)),
        (model.BPL_OPUS_FEC, (2.69, 5.77, 9.82)),
        (model.BPL_OPUS_RED, (5.39, 11.55, 19.64)),
        (model.BPL_VIDEO, (1.08, 2.31, 3.93)),
    ],
)
def test_loss_ends_labels_where_the_table_says(bpl, limits):
    assert [loss_limit(label, bpl) for label in LABELS] == pytest.approx(limits, abs=0.006)


def test_round_trip_ends_labels_where_the_table_says():
    assert [round_trip_limit(label) for label in LABELS] == pytest.approx((368, 517, 666), abs=1)


def test_jitter_ends_labels_where_the_table_says():
    assert [jitter_limit(label) for label in LABELS] == pytest.approx((102, 139, 176), abs=1)
