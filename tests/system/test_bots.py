"""A hundred native bots at once in one server: in every roster by name, deaf to silence."""

import asyncio
from pathlib import Path

from support.bots import seen, status
from support.opus_tone import tone_packets
from support.wait import until
from support.webserver import KEY, Web, serving

from media.types import TrackSource
from signaling.model import ParticipantKind

BOTS = 100
MS = 1_000_000
QUIET, LOUD = 127, 30


async def send(web: Web, number: int) -> dict:
    """A bot for a meeting of its own with one person in it."""
    meeting = (await web.meeting(record="off"))["id"]  # files are another test's
    await web.join(meeting, f"Person {number}")
    link = f"{web.app.meetings.public_url}/m/{meeting}"
    body = {"link": link, "name": f"Bot {number}"}
    answer = await web.client.post("/v1/bots", json=body, headers=KEY)
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def refusal(web: Web) -> str:
    meeting = (await web.meeting())["id"]
    body = {"link": f"{web.app.meetings.public_url}/m/{meeting}"}
    answer = await web.client.post("/v1/bots", json=body, headers=KEY)
    return (await answer.json())["code"]


async def stopped(web: Web, bot: str) -> str:
    answer = await web.client.post(f"/v1/bots/{bot}/stop", headers=KEY)
    return (await answer.json())["end_reason"]


PACKETS = tone_packets(2.0)


def speak(web: Web, session: str, level: int) -> None:
    """Two seconds of packets on the microphone of whoever is in a session."""
    tracks = [
        tap.open_track("p", "Person", TrackSource.MICROPHONE, f"c of {session}", 1)
        for room, tap in web.engine.taps
        if room == session
    ]
    for place, payload in enumerate(PACKETS):
        for track in filter(None, tracks):
            track.rtp(10**9 + place * 20 * MS, place, place * 960, payload, level)


async def test_a_hundred_native_bots_are_seen_and_decode_nobody_who_is_silent(tmp_path: Path):
    settings = {"bots": {"max_active": BOTS}, "transcription": {"engine": "null"}}
    async with serving(tmp_path, **settings) as web:
        made = await asyncio.gather(*(send(web, number) for number in range(BOTS)))
        for bot in made:
            await seen(web.app.bots, bot["id"], status("active"))
        assert web.app.bots.active == BOTS
        assert await refusal(web) == "bot_limit_reached"
        sent = await web.app.bots.unfinished("default")
        live = [web.app.sessions.live(bot.meeting_id) for bot in sent]
        rosters = [
            [who.name for who in people if who.kind is ParticipantKind.BOT]
            for people in ([one.participant for one in view.participants] for view in live)
        ]
        assert sorted(rosters) == sorted([f"Bot {number}"] for number in range(BOTS))
        makers = web.app.transcripts.captioners
        await until(lambda: web.app.transcripts.running == BOTS)
        for view in live[1:]:
            speak(web, view.session.id, QUIET)
        speak(web, live[0].session.id, LOUD)
        await until(lambda: makers.figures().decoders > 0)
        assert makers.figures().decoders == 1
        ends = await asyncio.gather(*(stopped(web, bot["id"]) for bot in made))
        assert set(ends) == {"stopped"}
        await until(lambda: web.app.bots.active == 0)
        assert web.engine.taps == []
