import socket

import pytest

from media.workers import channel as module
from media.workers.channel import Channel
from media.workers.messages import WireError


@pytest.fixture
async def ends():
    one, other = socket.socketpair()
    ends = await Channel.over(one), await Channel.over(other)
    yield ends
    for end in ends:
        await end.close()


async def test_messages_arrive_whole_and_in_order(ends):
    here, there = ends
    sent = [b"", b"one", b"x" * 3_000_000, b"last"]
    for message in sent:
        here.send(message)
    assert [await there.receive() for _ in sent] == sent
    await here.flush()


async def test_the_end_of_one_is_the_end_of_the_other(ends):
    here, there = ends
    await here.close()
    assert await there.receive() is None
    here.send(b"nobody hears this")
    await there.close()
    assert await here.receive() is None


async def test_a_message_beyond_all_bounds_is_refused(ends, monkeypatch):
    monkeypatch.setattr(module, "MAX_MESSAGE", 10)
    here, there = ends
    here.send(b"x" * 11)
    with pytest.raises(WireError):
        await there.receive()


async def test_what_is_not_taken_is_bounded(ends, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 1000)
    here, _ = ends
    big = b"x" * 1_000_000
    here.send(big)
    with pytest.raises(WireError):
        here.send(big)
    here.send(b"dropped: it is given up")
