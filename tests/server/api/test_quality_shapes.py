from datetime import UTC, datetime

from support.quality import reading, stats
from support.quality import stream as reading_of

from media.picture import Picture
from media.types import QualityLabel
from server.api import quality_shapes as shapes
from server.services.quality_history import Series
from server.services.quality_now import ConnectionNow, Counters, StreamNow, began
from server.services.quality_points import Point

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def now(**members) -> ConnectionNow:
    counters, judged = Counters(), reading(**members)
    return ConnectionNow(
        "s", "p", "c", NOW, began(judged, NOW), judged, 3.82,
        counters.connection(stats(), judged, NOW), counters.streams(stats()), ("relay",),
    )  # fmt: skip


def test_lost_transport_is_the_fault_of_no_stream():
    shown = shapes.connection(now(direction=None, source=None, round_trip_ms=None))
    assert shown.worst is None
    assert shown.inputs.round_trip_time is None


def test_label_kept_over_silence_says_so():
    assert shapes.connection(now(active=False)).state == "muted"
    assert shapes.connection(now()).state == "active"


def test_streams_are_shown_in_seconds():
    (shown,) = shapes.connection(now()).streams
    assert (shown.jitter, shown.packets, shown.lost) == (0.005, 50, 2)


def test_second_has_its_time():
    assert shapes.second((now(),)).at == NOW


def test_columns_have_one_length_and_no_loss_where_nothing_settled():
    points = ((10, Point(QualityLabel.GOOD, None, 75.0, 50, 1, 5.0)), (11, Point()))
    shown = shapes.series(Series("p", "c", "uplink/microphone", points))
    assert shown.loss_percent == [2.0, None]
    assert shown.label == [QualityLabel.GOOD, None]
    assert (shown.round_trip_time, shown.sent_bitrate) == ([], [])
    assert shown.received_bitrate == [0, 0]


def test_pictures_and_freezes_are_columns_of_video_alone():
    point = Point(sent_bps=900, freezes=2, frozen_seconds=0.5, width=640, height=360, layer=2)
    down = shapes.series(Series("p", "c", "downlink/video", ((10, point),)))
    assert (down.sent_bitrate, down.received_bitrate) == ([900], [])
    assert (down.freeze_count, down.freezes_duration) == ([2], [0.5])
    assert (down.frame_width, down.frame_height, down.layer) == ([640], [360], [2])
    up = shapes.series(Series("p", "c", "uplink/screen", ((10, point),)))
    assert (up.freeze_count, up.frame_height) == ([], [360])
    sound = shapes.series(Series("p", "c", "downlink/audio", ((10, point),)))
    assert (sound.freeze_count, sound.frame_height, sound.layer) == ([], [], [])


def test_a_stream_now_has_its_bitrate_and_its_picture():
    picture = Picture("mid", 2, 640, 360, "bandwidth")
    stream = StreamNow(reading_of(), Point(sent_bps=900, freezes=1, frozen_seconds=0.25), picture)
    shown = shapes.stream(stream)
    assert (shown.bitrate, shown.freeze_count, shown.freezes_duration) == (900, 1, 0.25)
    assert shown.picture.model_dump() == {
        "rid": "mid",
        "layer": 2,
        "frame_width": 640,
        "frame_height": 360,
        "limit": "bandwidth",
    }


def test_connections_have_round_trips_and_bitrates():
    point = Point(round_trip_ms=41.0, sent_bps=1, received_bps=2)
    shown = shapes.series(Series("p", "c", "connection", ((10, point),)))
    assert shown.round_trip_time == [0.041]
    assert (shown.sent_bitrate, shown.received_bitrate) == ([1], [2])
