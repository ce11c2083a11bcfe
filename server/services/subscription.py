"""A bounded stream of facts for one reader; one who cannot keep up is told and resumes."""

import asyncio
from collections.abc import Callable
from typing import Self

from server.records import LogEntryView

CAPACITY = 1000


class Subscription:
    """An asynchronous iterator of log entries.

    When more than `CAPACITY` entries wait, the iterator ends and `lagged` is true: the reader
    comes back with the last position or sequence it has seen and reads the rest from storage.

    Args:
        cancel: Called once when the subscription ends, by either side.
    """

    def __init__(self, cancel: Callable[["Subscription"], None], capacity: int = CAPACITY) -> None:
        self._queue: asyncio.Queue[LogEntryView | None] = asyncio.Queue(capacity + 1)
        self._capacity = capacity
        self._cancel = cancel
        self._closed = False
        self.lagged = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LogEntryView:
        """The next entry; what was queued before the end is still given."""
        if self._closed and self._queue.empty():
            raise StopAsyncIteration
        entry = await self._queue.get()
        if entry is None:
            raise StopAsyncIteration
        return entry

    def offer(self, entry: LogEntryView) -> None:
        """Queue an entry for the reader, or end the stream when it is full."""
        if self._closed:
            return
        if self._queue.qsize() >= self._capacity:
            self.lagged = True
            self.close()
            return
        self._queue.put_nowait(entry)

    def close(self) -> None:
        """End the stream; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._queue.put_nowait(None)  # the queue holds one place for this
        self._cancel(self)
