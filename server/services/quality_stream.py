"""A bounded stream of live samples for one reader: who is slow misses the oldest ones."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from server.services.quality_now import ConnectionNow

CAPACITY = 10


class QualityStream:
    """An asynchronous iterator: each second the connections of one session.

    Args:
        cancel: Called once when the stream ends, by either side.
    """

    def __init__(self, cancel: Callable[["QualityStream"], object]) -> None:
        self._cancel = cancel
        self._waiting: deque[tuple[ConnectionNow, ...]] = deque(maxlen=CAPACITY)
        self._changed = asyncio.Event()
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[ConnectionNow, ...]:
        """The next second; what waits is still given after the end."""
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            _ = await self._changed.wait()
        return self._waiting.popleft()

    def offer(self, second: tuple[ConnectionNow, ...]) -> None:
        """Give the reader a second; the oldest one goes when too many wait."""
        if not self._closed:
            self._waiting.append(second)
            self._changed.set()

    def close(self) -> None:
        """End the stream; idempotent."""
        if not self._closed:
            self._closed = True
            self._changed.set()
            _ = self._cancel(self)
