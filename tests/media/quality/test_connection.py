import pytest
from support.audio_judge import DOWNLINK, UPLINK

from media.quality.connection import ConnectionJudge, StreamName, StreamTick
from media.quality.measure import Bucket
from media.types import Direction, MediaKind, QualityLabel, TrackSource

CAMERA = StreamName(Direction.UPLINK, TrackSource.CAMERA)
PICTURES = StreamName(Direction.DOWNLINK, MediaKind.VIDEO)
CLEAN = StreamTick(Bucket(received=50, jitter_ms=5.0))


def lossy(percent):
    lost = percent // 2
    return StreamTick(Bucket(received=50 - lost, lost=lost, jitter_ms=5.0))


def run(judge, ticks, seconds=20):
    return [judge.tick(ticks, 40) for _ in range(seconds)][-1]


@pytest.fixture
def judge():
    return ConnectionJudge()


def test_nothing_is_known_without_streams(judge):
    assert run(judge, {}) is None
    assert judge.streams() == ()


@pytest.mark.parametrize("bad", [UPLINK, DOWNLINK, CAMERA, PICTURES])
def test_worst_stream_speaks_for_the_connection_and_is_named(judge, bad):
    reading = run(
        judge, dict.fromkeys((UPLINK, DOWNLINK, CAMERA, PICTURES), CLEAN) | {bad: lossy(20)}
    )
    assert (reading.direction, reading.source) == (bad.direction, bad.source.value)
    assert (reading.label, reading.reason) == (QualityLabel.POOR, "loss")


def test_tie_goes_to_the_uplink(judge):
    assert run(judge, {DOWNLINK: lossy(20), UPLINK: lossy(20)}).direction is Direction.UPLINK


def test_video_bears_less_loss_than_speech(judge):
    run(judge, {UPLINK: lossy(4), CAMERA: lossy(4)})
    labels = {each.source: each.label for each in judge.streams()}
    assert labels == {"microphone": QualityLabel.GOOD, "camera": QualityLabel.POOR}


def test_round_trips_seen_by_a_late_loop_do_not_count_when_it_is_in_time_again(judge):
    run(judge, {UPLINK: CLEAN})
    for second in range(30):
        late = second % 3 == 0
        reading = judge.tick({UPLINK: CLEAN}, 900 if late else 40, server_limited=late)
        assert (reading.label, reading.round_trip_ms) == (QualityLabel.EXCELLENT, 40)


def test_one_loss_among_few_packets_of_a_picture_weighs_as_much_as_among_many(judge):
    few = StreamTick(Bucket(received=7, lost=1, jitter_ms=5.0))
    for _ in range(20):
        judge.tick({UPLINK: few, CAMERA: few}, 40)
    labels = {each.source: each.label for each in judge.streams()}
    assert labels == {"microphone": QualityLabel.GOOD, "camera": QualityLabel.POOR}


def test_camera_that_pauses_without_a_word_is_not_stalled(judge):
    run(judge, {CAMERA: CLEAN})
    assert run(judge, {CAMERA: StreamTick(Bucket())}, 12).label is QualityLabel.EXCELLENT


def test_microphone_that_pauses_without_a_word_is_stalled(judge):
    run(judge, {UPLINK: CLEAN})
    assert run(judge, {UPLINK: StreamTick(Bucket())}, 8).reason == "stalled"


def test_label_tells_how_long_it_has_held(judge):
    assert [judge.tick({UPLINK: CLEAN}, 40).age_seconds for _ in range(3)] == [0, 1, 2]
    readings = [judge.tick({UPLINK: lossy(20)}, 40) for _ in range(8)]
    assert readings[-1].label is QualityLabel.POOR
    assert readings[-1].age_seconds < 8


def test_silence_keeps_the_label_and_says_that_nobody_speaks(judge):
    run(judge, {UPLINK: CLEAN})
    held = run(judge, {UPLINK: StreamTick(Bucket(), muted=True)}, 40)
    assert (held.label, held.active) == (QualityLabel.EXCELLENT, False)
    assert held.age_seconds == 59
    assert run(judge, {UPLINK: CLEAN}).active


def test_stream_that_ended_no_longer_speaks(judge):
    run(judge, {UPLINK: CLEAN, CAMERA: lossy(20)})
    assert run(judge, {UPLINK: CLEAN}, 20).source == "microphone"


def test_streams_count_what_settled(judge):
    run(judge, {UPLINK: lossy(20)}, 5)
    (stream,) = judge.streams()
    assert (stream.packets, stream.lost) == (250, 50)
    assert stream.active


def test_lost_transport_is_nobodys_stream(judge):
    run(judge, {UPLINK: lossy(20)})
    lost = judge.lose()
    assert (lost.label, lost.reason, lost.direction) == (QualityLabel.POOR, "transport", None)
    assert lost.loss_percent == 20.0
    assert run(judge, {UPLINK: CLEAN}).label is QualityLabel.EXCELLENT
