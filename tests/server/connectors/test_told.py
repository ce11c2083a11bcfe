"""What a connector told waits in order, has a bound and one end."""

from server.connectors.port import Admitted, BotEnd, Ended, Failed, FailureCode, Lobby
from server.connectors.told import Told


async def rest(told: Told) -> list[object]:
    return [event async for event in told.events()]


async def test_events_come_in_order_and_end_once():
    told = Told()
    told.tell(Lobby())
    told.end(Ended(BotEnd.REMOVED))
    told.end(Ended(BotEnd.STOPPED))
    told.tell(Admitted())
    assert await rest(told) == [Lobby(), Ended(BotEnd.REMOVED)]
    assert await rest(told) == []


async def test_an_end_without_words_ends_the_reader():
    told = Told()
    told.end()
    assert await rest(told) == []


async def test_a_reader_too_far_behind_is_told_a_failure_not_a_gap():
    told = Told(capacity=2)
    for _ in range(5):
        told.tell(Lobby())
    events = await rest(told)
    assert events[:2] == [Lobby(), Lobby()]
    assert isinstance(events[2], Failed)
    assert events[2].code is FailureCode.BOT_CRASHED
