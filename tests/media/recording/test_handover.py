import pytest
from support.clock import FakeClock

from media.recording.handover import HandOver, OverloadItem, ReportItem

MOST = 10


class Queue(HandOver[str]):
    """As those of sound and pictures: queues what is admitted."""

    def put(self, arrival_ns: int, text: str = "x") -> None:
        if self._admits(arrival_ns):
            self._items.append(text)


@pytest.fixture
def queue(clock: FakeClock) -> Queue:
    return Queue(clock, MOST, paused=False)


def fill(queue: Queue, count: int) -> None:
    for number in range(count):
        queue.put(number)


def test_order_is_kept_and_all_is_taken_once(queue: Queue):
    queue.put(1, "a")
    queue.sender_report(2, 5, 6)
    queue.put(3, "b")
    assert queue.drain() == ["a", ReportItem(5, 6), "b"]
    assert queue.drain() == []


def test_nothing_comes_after_the_end(queue: Queue, clock: FakeClock):
    queue.close()
    ended = queue.closed_ns
    clock.advance(1)
    queue.close()
    queue.put(1)
    queue.sender_report(2, 5, 6)
    assert queue.drain() == []
    assert queue.closed_ns == ended == 1000 * 10**9


def test_a_full_queue_takes_nothing_more(queue: Queue):
    fill(queue, MOST + 5)
    queue.sender_report(1, 2, 3)
    assert queue.drain() == ["x"] * MOST


def test_what_is_missing_is_said_once_half_is_free(queue: Queue):
    fill(queue, MOST + 5)
    queue.drain()
    queue.put(9999, "after")
    assert queue.drain() == [OverloadItem(MOST, 5), "after"]


def test_what_is_missing_is_said_at_the_end_too(queue: Queue):
    fill(queue, MOST + 3)
    queue.close_at(77)
    assert queue.drain()[-1] == OverloadItem(77, 3)
