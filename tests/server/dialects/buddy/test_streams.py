"""Streams: a snapshot, what happens, and a close; replay for those who come back."""

import asyncio


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
    await asyncio.sleep(0)
    await buddy.call("DELETE", path)
    statuses, logs = await following
    assert statuses.startswith("event: status\ndata: ")
    assert '"status":"completed","previous_status":"leaving"' in statuses
    for text in (statuses, logs):
        assert text.endswith('event: close\ndata: {"reason":"session_ended"}\n\n')
    late = await stream(buddy, path + "/stream", {"Last-Event-ID": "0"})
    assert '"previous_status":"initializing"' in late
    assert '"participant_name":"Ada"' in late
    at_once = await stream(buddy, path + "/transcripts/stream")
    assert at_once == 'event: close\ndata: {"reason":"session_ended"}\n\n'
