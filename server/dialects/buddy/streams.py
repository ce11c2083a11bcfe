"""Status, transcript and log as server-sent events, with replay."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Final

from aiohttp import web

from server.dialects.buddy.call import Call
from server.dialects.buddy.ids import session_id, transcript_id
from server.dialects.buddy.objects import log_message
from server.facts import utc_text
from server.http.sse import HEARTBEAT_SECONDS, STREAMS, Message, last_event_id, send
from server.records import Bot, BotLogEntry
from server.services.bot_feed import BotFeed, FeedEvent, FeedReader, Topic
from signaling.model import CaptionLine

_KEEPALIVE: Final = b": keepalive\n\n"
_CACHE: Final = "no-cache"
_CLOSE: Final = Message(None, "close", {"reason": "session_ended"}).encode()


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
    after, feed = last_event_id(call.request), call.app.bots.feed(bot.id)
    if feed is None or (feed.closed and after is None):  # it has ended: nothing to follow
        return await send(call.request, _frames(bot, topic, after, feed, None), cache=_CACHE)
    reader, streams = feed.follow(topic, after), call.request.app[STREAMS]
    streams.add(reader)
    try:
        return await send(call.request, _frames(bot, topic, after, feed, reader), cache=_CACHE)
    finally:
        streams.discard(reader)
        reader.close()


async def _frames(
    bot: Bot, topic: Topic, after: int | None, feed: BotFeed | None, reader: FeedReader | None
) -> AsyncGenerator[bytes, None]:
    if topic == "status" and after is None:
        yield Message(None, "status", status_of(bot, None)).encode()
    if reader is not None:
        async with aclosing(reader.events(HEARTBEAT_SECONDS)) as events:
            async for event in events:
                yield _KEEPALIVE if event is None else _shown(event).encode()
    if feed is None or feed.closed:
        yield _CLOSE


def _shown(event: FeedEvent) -> Message:
    """An event on the wire; what is passing cannot be come back to."""
    number = None if event.passing else str(event.number)
    match event.data:
        case {"entry": BotLogEntry() as entry}:
            data = log_of(entry)
        case {"line": CaptionLine() as line, "bot": Bot() as bot, "at": datetime() as at}:
            data = line_of(bot, line) | {"timestamp": utc_text(at)}
        case {"bot": Bot() as bot, "previous": previous, "at": datetime() as at, **more}:
            data = status_of(bot, previous) | {"timestamp": utc_text(at)}
            if "name" in more:
                data |= {"participant_name": more["name"], "event": more["event"]}
        case _:
            raise TypeError(event.topic)
    return Message(number, event.topic, data)


def status_of(bot: Bot, previous: object) -> dict[str, object]:
    """A status event."""
    return {
        "session_id": session_id(bot.id),
        "status": bot.status,
        "previous_status": previous,
        "timestamp": utc_text(bot.updated_at),
        "error_message": bot.error_message,
        "error_code": bot.error_code,
    }


def log_of(entry: BotLogEntry) -> dict[str, object]:
    """A log event."""
    return {
        "session_id": session_id(entry.bot_id),
        "level": entry.level,
        "message": log_message(entry),
        "timestamp": utc_text(entry.at),
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
