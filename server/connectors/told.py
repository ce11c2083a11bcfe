"""What a connector has told and its one reader has not taken yet: bounded, ended once."""

from asyncio import Event
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from server.connectors.port import ConnectorEvent, Failed, FailureCode

CAPACITY: Final = 2000
"""Events that may wait: a meeting of a thousand that all come and go at once."""


class Told:
    """Events in order, for one reader.

    A reader that falls behind `CAPACITY` gets what waits, then a failure: nothing is dropped
    silently, since a lost event would leave a wrong roster for good.

    Attributes:
        ended: Nothing more will be told.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._waiting: deque[ConnectorEvent] = deque()
        self._capacity = capacity
        self._wake = Event()
        self.ended = False

    def tell(self, event: ConnectorEvent) -> None:
        """Add an event; nothing happens after the end."""
        if self.ended:
            return
        if len(self._waiting) >= self._capacity:
            text = f"More than {self._capacity} events of the meeting were not taken in."
            self.end(Failed(FailureCode.BOT_CRASHED, text))
            return
        self._waiting.append(event)
        self._wake.set()

    def end(self, last: ConnectorEvent | None = None) -> None:
        """Tell a last event, if any, and no more. Idempotent: the first end is the one told."""
        if self.ended:
            return
        if last is not None:
            self._waiting.append(last)
        self.ended = True
        self._wake.set()

    async def events(self) -> AsyncIterator[ConnectorEvent]:
        """What is told, until the end; the rest of it on a later call."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self.ended:
                return
            self._wake.clear()
            _ = await self._wake.wait()
