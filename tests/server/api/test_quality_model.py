from pathlib import Path

from media.quality import model
from media.quality.table import FALL, RISE
from media.types import QualityLabel
from server.api.quality_model import quality_model

GOLDEN = Path(__file__).parents[3] / "docs" / "reference" / "quality-model.json"


def test_golden_copy_is_fresh() -> None:
    assert GOLDEN.read_text() == quality_model().model_dump_json(indent=1) + "\n"


def test_edges_are_those_that_labels_are_cut_by() -> None:
    for shown in quality_model().labels[:-1]:
        assert shown.leave_below is not None
        assert shown.enter_at is not None
        assert model.label_downwards(shown.leave_below) is shown.label
        assert model.label_downwards(shown.leave_below - 0.001) is not shown.label
        assert model.label_upwards(shown.enter_at) is shown.label
    assert quality_model().labels[-1].label is QualityLabel.POOR


def test_smoothing_is_that_of_the_judge() -> None:
    assert (quality_model().smoothing.fall, quality_model().smoothing.rise) == (FALL, RISE)


def test_bands_are_those_of_the_design() -> None:
    bands = quality_model().thresholds
    assert bands.loss_percent["opus-fec"].good == 5.77
    assert bands.round_trip_time.fair == 0.666
