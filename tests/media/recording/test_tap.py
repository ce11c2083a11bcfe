import pytest
from support.clock import FakeClock

from media.recording.handover import ReportItem
from media.recording.tap import QUEUED, QueuedTap, RtpItem


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


class TestOverload:
    def test_is_bounded(self, tap: QueuedTap) -> None:
        fill(tap, QUEUED + 50)
        tap.sender_report(1, 2, 3)
        assert len(tap.drain()) == QUEUED
