"""Each mutation is done once, whoever asks again and when."""

import asyncio

import pytest

from server.dialects.convex import ledger
from server.dialects.convex.ledger import Done, Ledger

KEY = ("ada", "session", 0)


async def test_the_second_time_gives_what_the_first_gave():
    book, done = Ledger(), []

    async def perform() -> Done:
        done.append(1)
        return Done("value", len(done))

    assert await book.once(KEY, perform) == Done("value", 1)
    assert await book.once(KEY, perform) == Done("value", 1)
    assert await book.once(("bob", "session", 0), perform) == Done("value", 2)


async def test_one_under_way_is_waited_for():
    book, go, runs = Ledger(), asyncio.Event(), []

    async def perform() -> Done:
        runs.append(1)
        await go.wait()
        return Done(None, 7)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(book.once(KEY, perform))
        second = group.create_task(book.once(KEY, perform))
        await asyncio.sleep(0)
        go.set()
    assert first.result() == second.result() == Done(None, 7)
    assert runs == [1]


async def test_a_failed_one_may_be_tried_again():
    book = Ledger()

    async def fail() -> Done:
        raise ValueError("no")

    async def succeed() -> Done:
        return Done(True, 1)

    with pytest.raises(ValueError, match="no"):
        await book.once(KEY, fail)
    assert await book.once(KEY, succeed) == Done(True, 1)


async def test_whoever_waits_for_one_that_fails_does_it_itself():
    book, go = Ledger(), asyncio.Event()

    async def fail() -> Done:
        await go.wait()
        raise ValueError("no")

    async def succeed() -> Done:
        return Done(True, 1)

    first = asyncio.get_running_loop().create_task(book.once(KEY, fail))
    await asyncio.sleep(0)
    second = asyncio.get_running_loop().create_task(book.once(KEY, succeed))
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(ValueError, match="no"):
        await first
    assert await second == Done(True, 1)


async def test_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(ledger, "MAX_ENTRIES", 2)
    book, runs = Ledger(), []

    async def perform() -> Done:
        runs.append(1)
        return Done(None, len(runs))

    for number in (0, 1, 2, 0):
        await book.once(("ada", "session", number), perform)
    assert len(runs) == 4
