import pytest

from media.types import QualityLabel
from server.dialects.realtimekit.qualities import NAMES, qualities
from server.services.quality_history import Series
from server.services.quality_points import Point

GOOD = Point(QualityLabel.EXCELLENT, None, 90.0, packets=250, lost=0, jitter_ms=4.0)
BAD = Point(QualityLabel.POOR, "loss", 50.0, packets=250, lost=50, jitter_ms=30.0)


def series(stream, *points):
    return Series("p", "c", stream, tuple((1000 + 5 * at, one) for at, one in enumerate(points)))


def whole(*trips):
    return series("connection", *(Point(round_trip_ms=trip) for trip in trips))


def test_counters_grow_from_sample_to_sample():
    found = qualities([series("uplink/microphone", GOOD, BAD), whole(40.0, None)])
    first, second = found["audio_producer"]
    assert first == {
        "timestamp": "1970-01-01T00:16:40Z",
        "packets_sent": 250,
        "packets_lost": 0,
        "jitter": 0.004,
        "mos_quality": pytest.approx(4.34, abs=0.02),
        "rtt": 0.04,
    }
    assert (second["packets_sent"], second["packets_lost"]) == (500, 50)
    assert "rtt" not in second


def test_what_goes_down_is_received_and_has_no_rtt():
    found = qualities([series("downlink/audio", BAD), whole(40.0)])
    (sample,) = found["audio_consumer"]
    assert (sample["packets_received"], sample["packets_lost"]) == (200, 50)
    assert "rtt" not in sample
    assert "rtt" not in found["audio_consumer_cumulative"]


def test_what_it_came_to():
    found = qualities([series("uplink/camera", GOOD, BAD, GOOD, BAD), whole(40, 120, 600, 300)])
    came = found["video_producer_cumulative"]
    assert came["packet_loss"] == {
        "avg": 10.0,
        "5_or_greater_event_fraction": 0.5,
        "10_or_greater_event_fraction": 0.5,
        "25_or_greater_event_fraction": 0.0,
        "50_or_greater_event_fraction": 0.0,
    }
    assert came["rtt"] == {
        "avg": 265.0,
        "100ms_or_greater_event_fraction": 0.75,
        "250ms_or_greater_event_fraction": 0.5,
        "500ms_or_greater_event_fraction": 0.25,
    }
    assert came["quality_mos"]["p90"] > came["quality_mos"]["p50"]


def test_a_stream_that_was_not_judged_says_nothing_of_quality():
    found = qualities([series("uplink/screen", Point())])
    assert found["screenshare_video_producer_cumulative"] == {}
    assert "mos_quality" not in found["screenshare_video_producer"][0]


def test_one_sample_is_every_percentile():
    came = qualities([series("downlink/video", GOOD)])["video_consumer_cumulative"]
    assert len(set(came["quality_mos"].values())) == 1


def test_streams_without_a_name_of_theirs_are_left_out():
    assert qualities([series("uplink/unknown", GOOD)]) == {}
    assert set(NAMES.values()) >= {"screenshare_audio_producer"}
