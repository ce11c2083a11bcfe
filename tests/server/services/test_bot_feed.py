"""Followers get everything in order; slow ones lose what is passing, then their place."""

from server.services.bot_feed import CAPACITY, BotFeed


async def rest(reader) -> list:
    return [event async for event in reader.events(1.0)]


async def test_a_topic_is_followed_from_now_on_until_the_end():
    feed = BotFeed()
    feed.tell("log", {"n": 0})
    reader = feed.follow("log")
    feed.tell("status", {"n": 1})
    feed.tell("log", {"n": 2})
    feed.close()
    assert [event.data["n"] for event in await rest(reader)] == [2]


async def test_one_who_comes_back_catches_up():
    feed = BotFeed()
    for number in range(3):
        feed.tell("log", {"n": number})
    feed.tell("log", {"n": "passing"}, passing=True)
    feed.close()
    assert [event.data["n"] for event in await rest(feed.follow("log", after=1))] == [1, 2]


async def test_nothing_for_a_while_is_said():
    feed = BotFeed()
    reader = feed.follow("log")
    events = reader.events(0.001)
    assert await anext(events) is None
    await events.aclose()


async def test_a_slow_reader_loses_passing_events_first_then_its_place():
    feed = BotFeed()
    reader = feed.follow("transcript")
    for _ in range(CAPACITY):
        feed.tell("transcript", {}, passing=True)
    feed.tell("transcript", {"n": 1})
    for _ in range(CAPACITY - 1):
        feed.tell("transcript", {"n": 2})
    feed.tell("transcript", {}, passing=True)
    assert reader in feed._readers
    feed.tell("transcript", {"n": 3})
    assert reader not in feed._readers
    events = await rest(reader)
    assert len(events) == CAPACITY
    assert events[0].data == {"n": 1}
