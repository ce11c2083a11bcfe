"""Recordings made over HTTP, of people whose packets a test brings."""

import asyncio

from support.opus_tone import tone_packets
from support.webserver import KEY, Web

from media.types import TrackSource


async def problem(answer) -> tuple[int, str]:
    return answer.status, (await answer.json())["code"]


async def started(web: Web) -> tuple[dict, dict]:
    """A meeting with somebody in it and a running recording."""
    made = await web.meeting(title="Tea")
    await web.join(made["id"], "Ada")
    answer = await web.client.post(f"/v1/meetings/{made['id']}/recordings", headers=KEY)
    assert answer.status == 201, await answer.text()
    return made, await answer.json()


async def until_ready(web: Web, recording_id: str) -> dict:
    async with asyncio.timeout(60):
        while True:
            answer = await web.client.get(f"/v1/recordings/{recording_id}", headers=KEY)
            body = await answer.json()
            if body["state"] in ("ready", "failed"):
                return body
            await asyncio.sleep(0.02)  # a worker process decodes meanwhile


async def recorded(web: Web) -> tuple[dict, dict]:
    """A meeting, and its finished recording with one second of a tone in one file."""
    made, body = await started(web)
    _, tap = web.engine.taps[0]
    track = tap.open_track("p1", "Ada", TrackSource.MICROPHONE, "c1", 42)
    assert track is not None
    for n, payload in enumerate(tone_packets(1.0)):
        track.rtp(web.clock.monotonic_ns(), n, n * 960, payload)
        web.clock.advance(0.02)
    track.close()
    await web.client.post(f"/v1/recordings/{body['id']}/stop", headers=KEY)
    return made, await until_ready(web, body["id"])
