import pytest
from support.clock import FakeClock

from media.recording.tap import QUEUED, OverloadItem, QueuedTap, ReportItem, RtpItem


@pytest.fixture
def tap(clock: FakeClock) -> QueuedTap:
    return QueuedTap(clock, paused=False)


def fill(tap: QueuedTap, count: int = QUEUED) -> None:
    for number in range(count):
        tap.rtp(number, number, 0, b"x")


class TestQueue:
    def test_keeps_order(self, tap: QueuedTap) -> None:
        tap.rtp(1, 2, 3, b"x")
        tap.sender_report(4, 5, 6)
        assert tap.drain() == [RtpItem(1, 2, 3, b"x", stored=True), ReportItem(5, 6)]
        assert tap.drain() == []

    def test_packets_know_whether_the_recording_was_paused(self, tap: QueuedTap) -> None:
        tap.paused = True
        tap.rtp(1, 2, 3, b"x")
        (item,) = tap.drain()
        assert isinstance(item, RtpItem)
        assert not item.stored

    def test_nothing_comes_after_the_end(self, tap: QueuedTap, clock: FakeClock) -> None:
        tap.close()
        ended = tap.closed_ns
        clock.advance(1)
        tap.close()
        tap.rtp(1, 2, 3, b"x")
        tap.sender_report(4, 5, 6)
        assert tap.drain() == []
        assert tap.closed_ns == ended == 1000 * 10**9


class TestOverload:
    def test_is_bounded(self, tap: QueuedTap) -> None:
        fill(tap, QUEUED + 50)
        tap.sender_report(1, 2, 3)
        assert len(tap.drain()) == QUEUED

    def test_says_how_much_is_missing_and_since_when(self, tap: QueuedTap) -> None:
        fill(tap, QUEUED + 50)
        tap.drain()
        tap.rtp(9999, 1, 1, b"after")
        marker, packet = tap.drain()
        assert marker == OverloadItem(QUEUED, 50)
        assert isinstance(packet, RtpItem)
        assert packet.payload == b"after"

    def test_is_said_at_the_end_too(self, tap: QueuedTap) -> None:
        fill(tap, QUEUED + 3)
        tap.close_at(77)
        assert tap.drain()[-1] == OverloadItem(77, 3)
