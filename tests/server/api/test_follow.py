from types import SimpleNamespace

from support.clock import FakeClock

from server.api import follow as module
from server.api.follow import Log, follow
from server.http.sse import STREAMS
from server.records import LogEntryView
from server.services.subscription import Subscription


def entry(n: int) -> LogEntryView:
    return LogEntryView(n, "s", "m", n, FakeClock().utc(), "chat.sent", {"n": n})


class Reader:
    """A log with stored entries, and the subscription that its stream took."""

    def __init__(self, stored: int, *, page: int = 2) -> None:
        self.stored, self.page = [entry(n) for n in range(1, stored + 1)], page
        self.live = Subscription(lambda _: None)
        self.streams: set = set()
        self.call = SimpleNamespace(request=SimpleNamespace(app={STREAMS: self.streams}))

    async def read(self, after: int) -> list[LogEntryView]:
        return [one for one in self.stored if one.sequence > after][: self.page]

    def messages(self, after: int | None, **more):
        log = Log(
            subscribe=lambda: self.live, read=self.read, place=lambda one: one.sequence, **more
        )
        return follow(self.call, log, after=after)


async def ids(messages) -> list[str | None]:
    return [message.id if message else None async for message in messages]


async def test_stored_come_before_live_without_doubles() -> None:
    reader = Reader(3)
    for n in (2, 3, 4, 5):
        reader.live.offer(entry(n))
    reader.live.close()
    assert await ids(reader.messages(0)) == ["1", "2", "3", "4", "5"]


async def test_without_a_place_the_stream_begins_now() -> None:
    reader = Reader(3)
    reader.live.offer(entry(4))
    reader.live.close()
    assert await ids(reader.messages(None)) == ["4"]


async def test_what_may_not_be_seen_is_left_out() -> None:
    async def odd(one: LogEntryView) -> bool:
        return one.sequence % 2 == 1

    reader = Reader(4)
    reader.live.close()
    assert await ids(reader.messages(0, shown=odd)) == ["1", "3"]


async def test_stream_ends_where_nothing_can_follow() -> None:
    reader = Reader(4)
    assert await ids(reader.messages(0, ends=lambda one: one.sequence == 3)) == ["1", "2", "3"]
    assert reader.streams == set()


async def test_slow_reader_is_told_where_to_go_on() -> None:
    reader = Reader(0)
    reader.live = Subscription(lambda _: None, capacity=1)
    reader.live.offer(entry(1))
    reader.live.offer(entry(2))
    last = [message async for message in reader.messages(0)][-1]
    assert (last.event, last.id, last.data) == ("lagged", None, {"after": 1})


async def test_silence_is_told_apart_from_the_end(monkeypatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0)
    reader = Reader(0)
    messages = reader.messages(0)
    assert await anext(messages) is None
    assert reader.streams == {reader.live}
    await messages.aclose()
    assert reader.streams == set()
