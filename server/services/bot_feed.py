"""What followers of a bot are told, numbered, with a bounded memory for those who come back."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

REMEMBERED: Final = 1000
"""Events that a reader who comes back can catch up on."""
CAPACITY: Final = 500
"""Events that may wait for a reader."""

Topic = Literal["status", "transcript", "log"]


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """Something about a bot.

    Attributes:
        number: Its place among the bot's events.
        passing: A later event replaces it: an unfinished sentence.
    """

    number: int
    topic: Topic
    data: Mapping[str, object]
    passing: bool = False


class FeedReader:
    """One follower of one topic."""

    def __init__(self, feed: "BotFeed", topic: Topic, after: int) -> None:
        self._feed = feed
        self._topic = topic
        self._waiting = deque(feed.since(topic, after))
        self._wake = asyncio.Event()
        self._over = feed.closed

    def offer(self, event: FeedEvent) -> None:
        """Queue an event; a slow reader first loses what is passing, then its place."""
        if event.topic != self._topic or self._over:
            return
        if len(self._waiting) >= CAPACITY:
            self._waiting = deque(one for one in self._waiting if not one.passing)
        if len(self._waiting) >= CAPACITY:
            if not event.passing:
                self.close()
            return
        self._waiting.append(event)
        self._wake.set()

    def close(self) -> None:
        """End: what waits is still given."""
        self._over = True
        self._wake.set()
        self._feed.forget(self)

    async def events(self, patience: float) -> AsyncGenerator[FeedEvent | None, None]:
        """What is told until the end; None when nothing was for `patience` seconds."""
        try:
            while True:
                while self._waiting:
                    yield self._waiting.popleft()
                if self._over:
                    return
                self._wake.clear()
                try:
                    async with asyncio.timeout(patience):
                        _ = await self._wake.wait()
                except TimeoutError:
                    yield None
        finally:
            self._feed.forget(self)


class BotFeed:
    """One bot's events.

    Attributes:
        closed: The bot has ended.
    """

    def __init__(self) -> None:
        self._kept: deque[FeedEvent] = deque(maxlen=REMEMBERED)
        self._readers: set[FeedReader] = set()
        self._number = 0
        self.closed = False

    def tell(self, topic: Topic, data: Mapping[str, object], *, passing: bool = False) -> None:
        """Tell followers; what is passing is not remembered."""
        self._number += 1
        event = FeedEvent(self._number, topic, data, passing)
        if not passing:
            self._kept.append(event)
        for reader in tuple(self._readers):
            reader.offer(event)

    def since(self, topic: Topic, after: int) -> list[FeedEvent]:
        """What is remembered of a topic after a number."""
        return [one for one in self._kept if one.topic == topic and one.number > after]

    def follow(self, topic: Topic, after: int | None = None) -> FeedReader:
        """Follow a topic from now on, or from after a number."""
        reader = FeedReader(self, topic, self._number if after is None else after)
        if not self.closed:
            self._readers.add(reader)
        return reader

    def forget(self, reader: FeedReader) -> None:
        """Tell a reader no more."""
        self._readers.discard(reader)

    def close(self) -> None:
        """The bot has ended: every reader comes to its end."""
        self.closed = True
        for reader in tuple(self._readers):
            reader.close()
