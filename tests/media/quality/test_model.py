import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.quality import model
from media.quality.model import (
    BPL_OPUS,
    BPL_OPUS_FEC,
    BPL_OPUS_RED,
    BPL_VIDEO,
    EDGES,
    RANK,
    label_downwards,
    label_upwards,
    mos,
    rating,
)
from media.types import QualityLabel

# loss %, round trip ms, jitter ms -> R, MOS, label, greatest term; Opus with in-band FEC.
GOLDEN = [
    (0, 40, 5, 91.3, 4.37, "excellent", None),
    (1, 150, 20, 85.4, 4.21, "excellent", None),
    (2, 100, 20, 81.9, 4.09, "excellent", None),
    (2, 200, 30, 79.9, 4.02, "good", "loss"),
    (3, 150, 40, 76.6, 3.89, "good", "loss"),
    (0, 400, 5, 77.9, 3.94, "good", "delay"),
    (5, 100, 10, 71.6, 3.67, "good", "loss"),
    (0, 300, 60, 73.8, 3.77, "good", "jitter"),
    (4, 250, 30, 69.4, 3.57, "fair", "loss"),
    (0, 300, 80, 68.5, 3.53, "fair", "jitter"),
    (1, 400, 50, 65.3, 3.37, "fair", "delay"),
    (0, 700, 5, 57.8, 2.98, "poor", "delay"),
    (12, 40, 5, 55.7, 2.87, "poor", "loss"),
    (0, 40, 200, 53.7, 2.77, "poor", "jitter"),
]

# What varies, robustness, and the highest value of each label above poor.
STEADY = [
    ("loss", BPL_OPUS, (1.35, 2.89, 4.91)),
    ("loss", BPL_OPUS_FEC, (2.69, 5.77, 9.82)),
    ("loss", BPL_OPUS_RED, (5.39, 11.55, 19.64)),
    ("loss", BPL_VIDEO, (1.08, 2.31, 3.93)),
    ("rtt", BPL_OPUS_FEC, (368, 517, 666)),
    ("jitter", BPL_OPUS_FEC, (102, 139, 176)),
]


@pytest.mark.parametrize(("loss", "rtt", "jitter", "r", "score", "label", "reason"), GOLDEN)
def test_golden_links(loss, rtt, jitter, r, score, label, reason):
    rated = rating(loss, 50, 50, rtt, jitter, BPL_OPUS_FEC)
    assert rated.r == pytest.approx(r, abs=0.051)
    assert rated.mos == pytest.approx(score, abs=0.01)
    assert label_downwards(rated.r) == label
    if reason:
        assert rated.reason == reason


def _varied(what, value, bpl):
    link = {"loss": 0.0, "rtt": 40.0, "jitter": 5.0} | {what: value}
    return label_downwards(rating(link["loss"], 50, 50, link["rtt"], link["jitter"], bpl).r)


@pytest.mark.parametrize(("what", "bpl", "edges"), STEADY)
def test_labels_end_where_the_design_says(what, bpl, edges):
    step = 0.011 if what == "loss" else 1
    labels = ["excellent", "good", "fair", "poor"]
    for edge, above, below in zip(edges, labels, labels[1:], strict=False):
        assert _varied(what, edge - step, bpl) == above
        assert _varied(what, edge + step, bpl) == below


@pytest.mark.parametrize(
    ("terms", "reason"),
    [((2, 2, 2), "loss"), ((1, 2, 2), "delay"), ((0, 1, 2), "jitter")],
)
def test_reason_is_the_greatest_term_and_ties_go_in_order(terms, reason):
    assert model.Rating(50, *terms).reason == reason


def test_one_loss_weighs_less_when_packets_are_few():
    full = rating(10, 50, 50, 40, 5, BPL_OPUS_FEC)
    quiet = rating(10, 2.5, 50, 40, 5, BPL_OPUS_FEC)
    busy = rating(10, 80, 50, 40, 5, BPL_OPUS_FEC)
    assert quiet.loss_term < full.loss_term / 3
    assert busy == full


def test_rating_stays_on_its_scale():
    assert rating(100, 50, 50, 9000, 900, BPL_OPUS).r == 0
    assert rating(100, 50, 50, 9000, 900, BPL_OPUS).mos == 1
    assert mos(3) == 1
    assert 4.4 < mos(model.BEST_RATING) < 4.5


links = st.tuples(st.floats(0, 100), st.floats(0.1, 100), st.floats(0, 5000), st.floats(0, 2000))


@given(links, st.floats(0, 50), st.floats(0, 1000), st.floats(0, 500))
def test_nothing_that_gets_worse_raises_the_rating(link, more_loss, more_rtt, more_jitter):
    loss, pps, rtt, jitter = link
    before = rating(loss, pps, 50, rtt, jitter, BPL_OPUS_FEC).r
    worse = rating(
        min(100, loss + more_loss), pps, 50, rtt + more_rtt, jitter + more_jitter, BPL_OPUS_FEC
    ).r
    assert 0 <= worse <= before + 1e-9
    assert before <= model.BEST_RATING


@pytest.mark.parametrize(
    ("score", "down", "up"),
    [
        (84, "excellent", "excellent"),
        (80, "excellent", "good"),
        (79.9, "good", "good"),
        (70, "good", "fair"),
        (60, "fair", "poor"),
        (59.9, "poor", "poor"),
    ],
)
def test_edges_upwards_lie_above_edges_downwards(score, down, up):
    assert label_downwards(score) == down
    assert label_upwards(score) == up


def test_every_label_has_a_rank_and_all_but_the_lowest_an_edge():
    assert set(RANK) == set(QualityLabel)
    assert [RANK[label] for label in EDGES] == [3, 2, 1]
