import pytest
from support.clock import FakeClock

from media.recording.handover import ReportItem
from media.recording.video.tap import QUEUED, QueuedVideoTap, TurnItem, VideoItem, WithheldItem
from media.video import VideoStream

STREAM = VideoStream(5, "video/vp8", "h")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tap(clock: FakeClock) -> QueuedVideoTap:
    return QueuedVideoTap(clock, paused=False)


def send(tap: QueuedVideoTap, number: int) -> None:
    tap.rtp(1000 + number, number, 90 * number, b"x", marker=True)


def test_everything_is_queued_in_order(tap):
    send(tap, 1)
    tap.sender_report(5, 7, 8)
    tap.turn(9, STREAM)
    tap.withheld()
    tap.paused = True
    send(tap, 2)
    assert tap.drain() == [
        VideoItem(1001, 1, 90, b"x", True, True),
        ReportItem(7, 8),
        TurnItem(9, STREAM),
        WithheldItem(),
        VideoItem(1002, 2, 180, b"x", True, False),
    ]
    assert tap.drain() == []


def test_a_key_frame_is_wanted_until_the_writer_has_one_and_not_while_paused(tap):
    assert tap.wanting
    tap.paused = True
    assert not tap.wanting
    tap.paused, tap.starving = False, False
    assert not tap.wanting


def test_nothing_is_queued_after_the_end(tap, clock):
    tap.close()
    ended = tap.closed_ns
    clock.advance(1)
    tap.close()
    send(tap, 1)
    tap.sender_report(5, 7, 8)
    tap.turn(9, STREAM)
    tap.withheld()
    assert (tap.closed_ns, tap.drain()) == (ended, [])


def fill(tap: QueuedVideoTap, count: int = QUEUED) -> None:
    for number in range(count):
        send(tap, number)


def test_a_full_queue_takes_nothing_more(tap):
    fill(tap, QUEUED + 3)
    for number in range(9):
        tap.turn(number, STREAM)
        tap.withheld()
    assert [type(item) for item in tap.drain()] == [VideoItem] * QUEUED


def test_of_the_streams_that_a_full_queue_was_not_told_the_last_comes_with_its_packet(tap):
    fill(tap)
    tap.turn(1, VideoStream(6, "video/vp8"))
    tap.turn(2, STREAM)
    tap.drain()
    tap.sender_report(5, 7, 8)  # of a stream that nothing was said of yet
    send(tap, 1)
    tap.sender_report(5, 9, 8)
    send(tap, 2)
    packets = [VideoItem(1000 + one, one, 90 * one, b"x", True, True) for one in (1, 2)]
    assert tap.drain() == [TurnItem(2, STREAM), packets[0], ReportItem(9, 8), packets[1]]


def test_a_stream_that_a_full_queue_was_not_told_is_forgotten_for_the_next(tap):
    fill(tap)
    tap.turn(1, VideoStream(6, "video/vp8"))
    tap.drain()
    tap.turn(2, STREAM)
    send(tap, 1)
    assert [type(item) for item in tap.drain()] == [TurnItem, VideoItem]
