import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.types import QualityLabel
from server.services.quality_points import POINTS, REASONS, Chunk, Point, merged, rolled

GOOD = Point(QualityLabel.GOOD, "loss", 75.5, 50, 2, 12.5, None, 0, 0)
WHOLE = Point(QualityLabel.EXCELLENT, None, 91.25, 0, 0, 0.0, 41.0, 96_000, 32_000)

points = st.builds(
    Point,
    st.none() | st.sampled_from(QualityLabel),
    st.sampled_from(REASONS),
    st.integers(0, 9320).map(lambda n: n / 100),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 60_000).map(lambda n: n / 10),
    st.none() | st.integers(0, 60_000).map(float),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**16 - 1).map(lambda n: n / 100),
    st.integers(0, 2**14 - 1),
    st.integers(0, 2**14 - 1),
    st.integers(0, 255),
)


@given(st.dictionaries(st.integers(0, POINTS - 1), points))
def test_points_come_back_from_bytes_as_they_were(given_points):
    chunk = Chunk()
    for index, point in given_points.items():
        chunk.put(index, point)
    assert dict(Chunk(chunk.encoded())) == given_points


def test_places_without_a_point_stay_empty():
    chunk = Chunk()
    chunk.put(7, GOOD)
    assert (chunk.get(6), chunk.get(7), chunk.get(8)) == (None, GOOD, None)


@pytest.mark.parametrize("index", [-1, POINTS])
def test_chunk_has_no_other_places(index):
    with pytest.raises(IndexError):
        Chunk().put(index, GOOD)


def test_second_point_at_one_place_is_folded_in():
    chunk = Chunk()
    chunk.put(0, GOOD)
    chunk.put(0, GOOD)
    assert chunk.get(0).packets == 100


def test_figures_beyond_the_form_are_cut_not_wrapped():
    chunk = Chunk()
    chunk.put(0, Point(score=93.2, packets=2**40, jitter_ms=1e9, round_trip_ms=1e9))
    point = chunk.get(0)
    assert (point.packets, point.jitter_ms, point.round_trip_ms) == (2**32 - 1, 6553.5, 65534.0)


def test_folding_keeps_the_worst_label_with_its_reason():
    poor = Point(QualityLabel.POOR, "jitter", 40.0, 50, 0, 220.0)
    folded = merged([GOOD, poor, Point()])
    assert (folded.label, folded.reason) == (QualityLabel.POOR, "jitter")
    assert folded.score == pytest.approx(57.75)
    assert (folded.packets, folded.lost, folded.jitter_ms) == (100, 2, 220.0)


def test_folding_takes_the_highest_round_trip_and_the_mean_bitrate():
    folded = merged([WHOLE, Point(QualityLabel.EXCELLENT, None, 91.25, round_trip_ms=80.0)])
    assert (folded.round_trip_ms, folded.sent_bps, folded.received_bps) == (80.0, 48_000, 16_000)


def test_folding_adds_freezes_and_takes_the_smallest_picture_that_was_shown():
    small, large = Point(width=320, height=180, layer=1), Point(width=1280, height=720, layer=3)
    frozen = Point(freezes=2, frozen_seconds=1.5)
    folded = merged([large, frozen, small, frozen])
    assert (folded.width, folded.height, folded.layer) == (320, 180, 1)
    assert (folded.freezes, folded.frozen_seconds) == (4, 3.0)


def test_points_without_any_label_stay_without():
    assert merged([Point(packets=3), Point(packets=4)]) == Point(packets=7)


def test_minutes_of_seconds_roll_up_to_tens_at_their_time():
    minutes = []
    for minute in (0, 1, 9):
        chunk = Chunk()
        for second in range(POINTS):
            chunk.put(second, GOOD)
        minutes.append((600 + minute * 60, chunk.encoded()))
    coarse = dict(Chunk(rolled(minutes, start=600, fine=1, coarse=10)))
    assert sorted(coarse) == [*range(12), *range(54, 60)]
    assert {point.packets for point in coarse.values()} == {500}
    assert {point.lost for point in coarse.values()} == {20}
