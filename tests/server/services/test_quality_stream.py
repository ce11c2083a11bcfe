import asyncio

import pytest

from server.services.quality_stream import CAPACITY, QualityStream


async def test_reader_waits_for_the_next_second():
    stream = QualityStream(lambda _: None)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    stream.offer(("one",))
    assert await waiting == ("one",)


async def test_slow_reader_misses_the_oldest():
    stream = QualityStream(lambda _: None)
    for at in range(CAPACITY + 5):
        stream.offer((at,))
    assert await anext(stream) == (5,)


async def test_what_waits_is_given_after_the_end():
    stream = QualityStream(lambda _: None)
    stream.offer((1,))
    stream.close()
    stream.offer((2,))
    assert await anext(stream) == (1,)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_closing_wakes_the_reader_and_tells_once():
    told = []
    stream = QualityStream(told.append)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    stream.close()
    stream.close()
    with pytest.raises(StopAsyncIteration):
        await waiting
    assert told == [stream]
