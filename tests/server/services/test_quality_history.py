import pytest

from media.types import QualityLabel
from server.services.quality_history import MOST_POINTS, fitting_step, series_of
from server.services.quality_points import Chunk, Point
from server.storage.quality import QualityChunk

GOOD = Point(QualityLabel.GOOD, "loss", 75.0, 50, 2, 5.0)


def chunk(start=600, step=1, places=range(60), **members) -> QualityChunk:
    data = Chunk()
    for place in places:
        data.put(place, GOOD)
    defaults = {"participant_id": "p1", "connection_id": "c1", "stream": "uplink/microphone"}
    return QualityChunk("s1", **(defaults | members), step=step, start=start, data=data.encoded())


@pytest.mark.parametrize(
    ("span", "wanted", "step"),
    [
        (0, None, 1), (600, None, 1), (601, None, 10), (3600, None, 10), (6001, None, 60),
        (86_400, None, 600), (10**7, None, 3600), (3600, 1, 1), (7200, 1, 2), (3600, 30, 30),
    ],
)  # fmt: skip
def test_step_fits_the_time(span, wanted, step):
    assert fitting_step(1000, 1000 + span, wanted) == step
    assert span / fitting_step(0, span, wanted) <= MOST_POINTS


def test_points_outside_the_time_are_left_out():
    (series,) = series_of([chunk()], 610, 620, 1)
    assert [at for at, _ in series.points] == list(range(610, 620))


def test_points_fold_to_the_step():
    (series,) = series_of([chunk(), chunk(start=660)], 600, 720, 30)
    assert [(at, point.packets) for at, point in series.points] == [
        (600, 1500), (630, 1500), (660, 1500), (690, 1500),
    ]  # fmt: skip


def test_coarse_chunks_are_shown_at_their_own_step():
    (series,) = series_of([chunk(start=0, step=60)], 0, 3600, 10)
    assert [at for at, _ in series.points][:3] == [0, 60, 120]


def test_each_stream_of_each_connection_has_its_series():
    chunks = [chunk(), chunk(stream="connection"), chunk(connection_id="c2")]
    assert len(series_of(chunks, 0, 10_000, 10)) == 3


def test_a_stream_without_points_has_none():
    assert series_of([chunk()], 0, 10, 1) == []
