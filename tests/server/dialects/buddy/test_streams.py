"""Streams: a snapshot, what happens, and a close; replay for those who come back."""

import asyncio
import json

from aiohttp import web
from support.wait import until

from media.captions.port import Caption
from server.dialects.buddy.ids import bot_id
from server.http.sse import STREAMS


async def stream(buddy, path: str, headers: dict | None = None) -> str:
    async with asyncio.timeout(10):
        return await buddy.call("GET", path, headers=headers or {})


async def test_a_status_stream_ends_with_the_session_and_is_replayed(buddy):
    made = await buddy.native(transcription_enabled=False)
    path = f"/sessions/{made['session_id']}"
    await buddy.met(made["session_id"])
    following = asyncio.gather(
        stream(buddy, path + "/stream"), stream(buddy, path + "/logs/stream")
    )
    feed = buddy.web.app.bots.feed(bot_id(made["session_id"]))
    await until(lambda: len(feed._readers) == 2)
    await buddy.call("DELETE", path)
    statuses, logs = await following
    assert statuses.startswith("event: status\ndata: ")
    assert '"status":"completed","previous_status":"leaving"' in statuses
    assert '"message":"Bot leaving meeting (end_session)"' in logs
    for text in (statuses, logs):
        assert text.endswith('event: close\ndata: {"reason":"session_ended"}\n\n')
    late = await stream(buddy, path + "/stream", {"Last-Event-ID": "0"})
    assert '"previous_status":"initializing"' in late
    assert '"participant_name":"Ada"' in late
    at_once = await stream(buddy, path + "/transcripts/stream")
    assert at_once == 'event: close\ndata: {"reason":"session_ended"}\n\n'


async def test_a_stream_begins_after_the_event_that_was_seen_last(buddy):
    made = await buddy.native(transcription_enabled=False)
    path = f"/sessions/{made['session_id']}"
    await buddy.met(made["session_id"])
    await buddy.call("DELETE", path)
    whole = await stream(buddy, path + "/logs/stream", {"Last-Event-ID": "0"})
    first, *others = whole.split("\n\n")
    number = first.splitlines()[0].removeprefix("id: ")
    later = await stream(buddy, path + "/logs/stream", {"Last-Event-ID": number})
    assert later.split("\n\n") == others


async def test_nothing_stays_of_a_stream_whose_client_went_at_once(buddy, monkeypatch):
    async def gone(_response, _frame):
        raise ConnectionResetError

    made = await buddy.native(transcription_enabled=False)
    await buddy.met(made["session_id"])
    monkeypatch.setattr(web.StreamResponse, "write", gone)
    assert await stream(buddy, f"/sessions/{made['session_id']}/stream") == ""
    assert not buddy.web.app.bots.feed(bot_id(made["session_id"]))._readers
    assert not buddy.web.client.app[STREAMS]


async def test_what_is_said_is_streamed_as_it_becomes_certain(buddy):
    app = buddy.web.app
    made = await buddy.native(transcription_language="en")
    await buddy.met(made["session_id"])
    bot = await app.bots.get(bot_id(made["session_id"]))
    path = f"/sessions/{made['session_id']}"
    following = asyncio.ensure_future(stream(buddy, path + "/transcripts/stream"))
    await until(lambda: app.bots.feed(bot.id)._readers)
    for final in (False, True):
        caption = Caption(
            "u-1", "p", "c", "Ada", 2.0, 3.0, "hello", "en", "null", confidence=0.5, final=final
        )
        app.transcripts.caption_made(bot.session_id, caption)
    await buddy.call("DELETE", path)
    partial, final, _close, _end = (await following).split("\n\n")
    assert partial.startswith("event: transcript\n")  # without an id: it cannot be come back to
    assert final.startswith("id: ")
    told = [json.loads(one.partition("data: ")[2]) for one in (partial, final)]
    assert [one["is_partial"] for one in told] == [True, False]
    assert [one["transcript_id"] for one in told] == [None, "mbtrans_u1"]
    assert [one["confidence"] for one in told] == [None, 0.5]
    start = told[1]["start_time"]
    assert start == 2.0 + bot.session_offset
    assert (told[1]["speaker"], told[1]["text"]) == ("Ada", "hello")
    late = await stream(buddy, path + "/transcripts/stream", {"Last-Event-ID": "0"})
    assert late.count("event: transcript") == 1
