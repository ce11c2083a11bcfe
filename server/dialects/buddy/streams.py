"""Status, transcript and log as server-sent events, with replay."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from datetime import datetime
from typing import Final

from aiohttp import web
from pydantic_core import to_json

from server.dialects.buddy.call import Call
from server.dialects.buddy.ids import session_id, transcript_id
from server.dialects.buddy.times import fine
from server.http.sse import HEARTBEAT_SECONDS, STREAMS, last_event_id
from server.records import Bot, BotLogEntry
from server.services.bot_feed import FeedEvent, Topic
from server.services.bot_machine import BotStatus
from signaling.model import CaptionLine

_KEEPALIVE: Final = b": keepalive\n\n"
_CLOSE: Final = b'event: close\ndata: {"reason":"session_ended"}\n\n'
_HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}


async def status(call: Call) -> web.StreamResponse:
    """Route 9."""
    return await _stream(call, "status")


async def transcript(call: Call) -> web.StreamResponse:
    """Route 10."""
    return await _stream(call, "transcript")


async def log(call: Call) -> web.StreamResponse:
    """Route 11."""
    return await _stream(call, "log")


async def _stream(call: Call, topic: Topic) -> web.StreamResponse:
    bot = await call.bot()  # refusals come before the stream is prepared
    response = web.StreamResponse(headers=_HEADERS)
    async with aclosing(_frames(call, bot, topic)) as frames:
        with suppress(ConnectionError):  # the client goes away: how most streams end
            await response.prepare(call.request)
            if call.request.method != "HEAD":
                async for frame in frames:
                    await response.write(frame)
            await response.write_eof()
    return response


async def _frames(call: Call, bot: Bot, topic: Topic) -> AsyncGenerator[bytes, None]:
    after = last_event_id(call.request)
    feed = call.app.bots.feed(bot.id)
    reader = None
    if feed is not None and (after is not None or not feed.closed):
        reader = feed.follow(topic, after)
        call.request.app[STREAMS].add(reader)
    if topic == "status" and after is None:
        yield _frame("status", None, status_of(await call.app.bots.get(bot.id), None))
    try:
        if reader is not None:
            async with aclosing(reader.events(HEARTBEAT_SECONDS)) as events:
                async for event in events:
                    yield _KEEPALIVE if event is None else _shown(event)
    finally:
        if reader is not None:
            call.request.app[STREAMS].discard(reader)
    if BotStatus((await call.app.bots.get(bot.id)).status).final:
        yield _CLOSE


def _frame(event: str, number: int | None, data: Mapping[str, object]) -> bytes:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {event}\ndata: ".encode() + to_json(data) + b"\n\n"


def _shown(event: FeedEvent) -> bytes:
    """An event on the wire; what is passing cannot be come back to."""
    number = None if event.passing else event.number
    match event.data:
        case {"entry": BotLogEntry() as entry}:
            data = log_of(entry)
        case {"line": CaptionLine() as line, "bot": Bot() as bot, "at": datetime() as at}:
            data = line_of(bot, line) | {"timestamp": fine(at)}
        case {"bot": Bot() as bot, "previous": previous, "at": datetime() as at, **more}:
            data = status_of(bot, previous) | {"timestamp": fine(at)}
            if "name" in more:
                data |= {"participant_name": more["name"], "event": more["event"]}
        case _:
            raise TypeError(event.topic)
    return _frame(event.topic, number, data)


def status_of(bot: Bot, previous: object) -> dict[str, object]:
    """A status event."""
    return {
        "session_id": session_id(bot.id),
        "status": bot.status,
        "previous_status": previous,
        "timestamp": fine(bot.updated_at),
        "error_message": bot.error_message,
        "error_code": bot.error_code,
    }


def log_of(entry: BotLogEntry) -> dict[str, object]:
    """A log event."""
    return {
        "session_id": session_id(entry.bot_id),
        "level": entry.level,
        "message": entry.message,
        "timestamp": fine(entry.at),
        "details": dict(entry.details) or None,
    }


def line_of(bot: Bot, line: CaptionLine) -> dict[str, object]:
    """A transcript event, in seconds from the bot's joining."""
    return {
        "session_id": session_id(bot.id),
        "transcript_id": transcript_id(line.id) if line.final else None,
        "text": line.text,
        "speaker": line.name,
        "start_time": round(max(0.0, line.start + bot.session_offset), 3),
        "end_time": round(max(0.0, line.end + bot.session_offset), 3),
        "confidence": line.confidence if line.final else None,
        "language_code": line.language,
        "is_partial": not line.final,
    }
