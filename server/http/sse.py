"""Server-sent events (WHATWG HTML section 9.2): numbered messages that a client can resume.

A reader that is too slow is told so and closed; it comes back with `Last-Event-ID` and misses
nothing, because the stored log fills the gap.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from pydantic_core import to_json

HEARTBEAT_SECONDS = 15.0  # below the shortest idle limit of common proxies (30 s)
RETRY_MS = 2000
CONTENT_TYPE = "text/event-stream"
_STILL_HERE = b": still here\n\n"


class Source(Protocol):
    """Where a stream's messages come from."""

    def close(self) -> None:
        """End it; its reader then ends the response."""


STREAMS = web.AppKey("roomtone_streams", set[Source])
"""Sources of the open streams, closed when the server stops."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event of the stream.

    Attributes:
        id: What a client sends back as `Last-Event-ID`; None for messages that move nothing.
        event: Its type.
        data: JSON-ready.
    """

    id: str | None
    event: str
    data: object

    def encode(self) -> bytes:
        """The lines of the wire; JSON has no raw line ends, so `data` is one line."""
        head = f"id: {self.id}\n" if self.id is not None else ""
        return f"{head}event: {self.event}\ndata: ".encode() + to_json(self.data) + b"\n\n"


def wanted(request: web.Request) -> bool:
    """Whether the client asks for a stream rather than for JSON."""
    return CONTENT_TYPE in request.headers.get("Accept", "")


def last_event_id(request: web.Request) -> int | None:
    """The number that the client saw last; None when it names none of ours."""
    text = request.headers.get("Last-Event-ID", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


async def stream(
    request: web.Request, messages: AsyncGenerator[Message | None, None]
) -> web.StreamResponse:
    """Send messages until they end or the client goes; None stands for "nothing for a while"."""
    return await send(request, _encoded(messages), cache="no-store")


async def send(
    request: web.Request, frames: AsyncGenerator[bytes, None], *, cache: str
) -> web.StreamResponse:
    """Send what is on the wire already until it ends or the client goes.

    Args:
        request: Whose answer it is.
        frames: Whole messages or comments.
        cache: The `Cache-Control`.
    """
    response = web.StreamResponse(
        headers={
            "Content-Type": CONTENT_TYPE,
            "Cache-Control": cache,
            "X-Accel-Buffering": "no",  # nginx would collect the stream otherwise
        }
    )
    async with aclosing(frames):
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        with suppress(ConnectionError):  # the client goes away: how most streams end
            async for frame in frames:
                await response.write(frame)
            await response.write_eof()
    return response


async def _encoded(messages: AsyncGenerator[Message | None, None]) -> AsyncGenerator[bytes, None]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    async with aclosing(messages):
        async for message in messages:
            yield message.encode() if message is not None else _STILL_HERE


async def close_streams(application: web.Application) -> None:
    """Signal handler of the server's stop: end every open stream, so that none holds it up."""
    open_now = application[STREAMS]
    for source in list(open_now):
        source.close()
