import pytest
from support.domain import entries, meeting, occupied

from server.facts import entry_view
from server.services.subscription import Subscription


def some(count: int):
    live, _, _, facts = occupied(meeting())
    return [entry_view(entry, n) for n, entry in enumerate(entries(live, facts[:1] * count))]


async def test_entries_come_in_order():
    ended: list[Subscription] = []
    stream = Subscription(ended.append)
    first, second = some(2)
    stream.offer(first)
    stream.offer(second)
    assert [await anext(stream), await anext(stream)] == [first, second]
    stream.close()
    assert ended == [stream]


async def test_a_reader_gets_what_waited_before_the_end():
    stream = Subscription(lambda _: None)
    (entry,) = some(1)
    stream.offer(entry)
    stream.close()
    stream.close()
    assert [one async for one in stream] == [entry]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert not stream.lagged


async def test_one_who_lags_is_ended_and_told():
    ended: list[Subscription] = []
    stream = Subscription(ended.append, capacity=2)
    all_of_them = some(4)
    for entry in all_of_them:
        stream.offer(entry)
    assert [one async for one in stream] == all_of_them[:2]
    assert stream.lagged
    assert ended == [stream]
