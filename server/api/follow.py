"""The session log as a stream: what a reader missed, then what happens, without gap or double."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from server.api import views
from server.http.call import Call
from server.http.registry import Content, Header
from server.http.sse import HEARTBEAT_SECONDS, STREAMS, Message
from server.records import LogEntryView
from server.services.subscription import Subscription

LAST_EVENT_ID = Header(
    "Last-Event-ID", "The id of the last event that the client has seen.", example="41"
)
EVENTS_CONTENT = Content(
    "A stream of events, or a page of them as JSON where that is offered.",
    "text/event-stream",
    {
        "type": "string",
        "description": "Messages `id`, `event` (the fact's type) and `data` (an Event as JSON). "
        "A last event `lagged` means: the client was too slow and should come back.",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log that can be read from a place on.

    Attributes:
        subscribe: Begins to collect what happens from then on.
        read: A page of stored entries after a place.
        place: An entry's place: its number in the session, or among all facts.
        ends: Whether nothing can come after an entry.
        shown: Which entries the reader may see; None for all.
    """

    subscribe: Callable[[], Subscription]
    read: Callable[[int], Awaitable[list[LogEntryView]]]
    place: Callable[[LogEntryView], int]
    ends: Callable[[LogEntryView], bool] = lambda _: False
    shown: Callable[[LogEntryView], Awaitable[bool]] | None = None


async def follow(
    call: Call, log: Log, *, after: int | None
) -> AsyncGenerator[Message | None, None]:
    """Yield stored entries after a place, then live ones; None when nothing came for a while.

    Args:
        call: The request.
        log: What is read.
        after: Where to begin; None begins now.
    """
    streams = call.request.app[STREAMS]
    live = log.subscribe()  # before anything is read, so that nothing falls in between
    streams.add(live)
    seen = after or 0
    try:
        async for entry in _entries(live, log, after):
            if entry is None:
                yield None
            elif log.place(entry) > seen:
                seen = log.place(entry)
                if log.shown is None or await log.shown(entry):
                    yield _message(entry, seen)
                if log.ends(entry):
                    return
        if live.lagged:
            yield Message(None, "lagged", {"after": seen})
    finally:
        streams.discard(live)
        live.close()


async def _entries(
    live: Subscription, log: Log, after: int | None
) -> AsyncGenerator[LogEntryView | None, None]:
    """Stored entries, then live ones; the two may overlap."""
    while after is not None and (entries := await log.read(after)):
        for entry in entries:
            yield entry
        after = log.place(entries[-1])
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                entry = await anext(live)
        except TimeoutError:
            yield None
        except StopAsyncIteration:
            return
        else:
            yield entry


def _message(entry: LogEntryView, place: int) -> Message:
    return Message(str(place), entry.type, views.event(entry).model_dump(mode="json"))
