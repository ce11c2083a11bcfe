"""Signals that wait: order, filters, bounds and whose they are."""

import pytest

from server.dialects.convex import signals
from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.signals import MAX_SHOWN, MAX_WAITING, Signal, SignalBox
from signaling.ids import new_id

SERVER = new_id()


def signal(session: str = "tab", at: float = 1000.0) -> Signal:
    return Signal(new_id(), SERVER, session, "sdp", {"sdp": "v=0", "type": "answer"}, at)


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def box(heard) -> SignalBox:
    return SignalBox(lambda meeting, user: heard.append((meeting, user)))


def test_they_wait_oldest_first_for_their_user_in_their_meeting(box, heard):
    first, second = signal(), signal()
    box.put("m", "ada", first)
    box.put("m", "ada", second)
    box.put("m", "bob", signal())
    assert box.waiting("m", "ada", 1000) == [first, second]
    assert box.waiting("other", "ada", 1000) == []
    assert heard == [("m", "ada"), ("m", "ada"), ("m", "bob")]


def test_filters(box):
    here, there = signal("tab"), signal("phone")
    box.put("m", "ada", here)
    box.put("m", "ada", there)
    assert box.waiting("m", "ada", 1000, session="phone") == [there]
    assert box.waiting("m", "ada", 1000, after=here.id) == [there]
    assert box.waiting("m", "ada", 1000 + signals.MAX_AGE_MS) == []


def test_at_most_fifty_are_shown_and_two_hundred_kept(box):
    every = [signal() for _ in range(MAX_WAITING + 5)]
    for one in every:
        box.put("m", "ada", one)
    shown = box.waiting("m", "ada", 1000)
    assert shown == every[5 : 5 + MAX_SHOWN]


def test_processed_ones_are_gone_and_foreign_ones_stay(box, heard):
    mine, hers = signal(), signal()
    box.put("m", "ada", mine)
    box.put("m", "bob", hers)
    box.done("ada", {mine.id, hers.id, "nothing"})
    assert box.waiting("m", "ada", 1000) == []
    assert box.waiting("m", "bob", 1000) == [hers]
    assert heard[2:] == [("m", "ada")]
    box.done("ada", {mine.id})
    assert len(heard) == 3


def test_queues_are_bounded(box, monkeypatch):
    monkeypatch.setattr(signals, "MAX_QUEUES", 2)
    for user in ("a", "b", "c"):
        box.put("m", user, signal())
    assert [len(box.waiting("m", user, 1000)) for user in ("a", "b", "c")] == [0, 1, 1]


def test_the_document():
    one = signal()
    assert one.document() == {
        "_id": encode_id(Table.WEBRTC_SIGNALS, one.id),
        "data": {"sdp": "v=0", "type": "answer"},
        "fromUserId": encode_id(Table.USERS, SERVER),
        "sessionId": "tab",
        "timestamp": 1000.0,
        "type": "sdp",
    }


def test_all_that_waits_is_bounded(box, monkeypatch):
    monkeypatch.setattr(signals, "MAX_CHARACTERS", 3 * signal().size)
    for user in ("a", "b", "c", "d"):
        box.put("m", user, signal())
    assert [len(box.waiting("m", user, 1000)) for user in "abcd"] == [0, 1, 1, 1]
    [one] = box.waiting("m", "b", 1000)
    box.done("b", {one.id})
    box.put("m", "e", signal())
    assert [len(box.waiting("m", user, 1000)) for user in "abcde"] == [0, 0, 1, 1, 1]
