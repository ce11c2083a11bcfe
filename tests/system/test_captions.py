"""Two espeak-ng voices in a real server: who said what, when; live and from the recording."""

import asyncio
import time
from datetime import datetime
from typing import Any

import pytest
from support.rtc_client import MeetingClient
from support.server_process import ServerProcess
from support.speech import PHRASES, VoiceTrack, needs_espeak, script, spoken, word_errors
from support.wait import until

pytestmark = needs_espeak

LATE = 0.5
"""Seconds by which a word may be placed wrongly."""
SAID = {
    "Ada": ((1.0, PHRASES[0]), (8.0, PHRASES[3])),
    "Bo": ((4.6, PHRASES[2]), (11.0, PHRASES[4])),
}


async def call(
    server: ServerProcess, method: str, path: str, body: dict[str, Any] | None = None
) -> Any:
    status, answer = await asyncio.to_thread(server.request, method, path, body)
    assert status < 300, answer
    return answer


def judge(segments: list[dict[str, Any]], begins: dict[str, float]) -> None:
    """Right words, right speaker, right time."""
    for name, turns in SAID.items():
        mine = [one for one in segments if one["name"] == name]
        said = " ".join(text for _, text in turns)
        heard = " ".join(one["text"] for one in mine)
        assert word_errors(said, heard) <= 0.3 * len(said.split()), heard
        words = [word for one in mine for word in one["words"]]
        for at, text in turns:
            begin = begins[name] + at
            end = begin + len(spoken(text)) / 48_000
            inside = [word for word in words if begin - LATE < word["start"] < end + LATE]
            assert abs(inside[0]["start"] - begin) <= LATE, (begin, inside)
            assert abs(inside[-1]["end"] - end) <= LATE, (end, inside)


@pytest.mark.timeout(120)
async def test_two_voices_become_two_transcripts(server: ServerProcess, meeting: str):
    voices = {name: VoiceTrack(script(*turns)) for name, turns in SAID.items()}
    url = server.base_url
    async with MeetingClient.join(url, meeting, name="Host", tone=None) as host:
        state = await call(server, "POST", f"/v1/meetings/{meeting}/captions/start", {})
        assert (state["state"], state["engine"]) == ("running", "pocketsphinx")
        recording = await call(server, "POST", f"/v1/meetings/{meeting}/recordings")
        async with (
            MeetingClient.join(url, meeting, name="Ada", microphone=voices["Ada"]),
            MeetingClient.join(url, meeting, name="Bo", microphone=voices["Bo"]),
        ):
            await until(lambda: all(voice.finished for voice in voices.values()), 40)
            session = host.welcome["session"]["id"]
            await call(server, "POST", f"/v1/meetings/{meeting}/captions/stop")
            await call(server, "POST", f"/v1/recordings/{recording['id']}/stop")
        live = await call(server, "GET", f"/v1/sessions/{session}/transcript")
        start = monotonic(await call(server, "GET", f"/v1/sessions/{session}"))
        judge(live["segments"], {n: (v.began or 0) - start for n, v in voices.items()})
        shown = [event["caption"] for event in host.events if event["type"] == "caption"]
        final = [one["text"] for one in shown if one["final"]]
        assert sorted(final) == sorted(one["text"] for one in live["segments"])
        assert any(not one["final"] for one in shown)
        events = await call(server, "GET", f"/v1/sessions/{session}/events?limit=100")
        facts = [one for one in events["items"] if one["type"] == "caption.added"]
        assert [one["data"]["caption"]["text"] for one in facts] == final
    path = f"/v1/recordings/{recording['id']}/transcript"
    meanwhile = await call(server, "GET", path)
    assert meanwhile["recording"]["transcript"]["state"] == "live"
    assert [one["text"] for one in meanwhile["segments"]] == [
        one["text"] for one in live["segments"]
    ]
    made = await made_again(server, recording["id"])
    zero = monotonic(await call(server, "GET", f"/v1/recordings/{recording['id']}"))
    judge(made["segments"], {name: (voice.began or 0) - zero for name, voice in voices.items()})


async def made_again(server: ServerProcess, recording: str) -> dict[str, Any]:
    """The transcript made from the recorded tracks, once it is there."""
    path = f"/v1/recordings/{recording}"
    states: list[str] = []

    async def ready() -> None:
        while (await call(server, "GET", path))["state"] != "ready":
            pass

    await asyncio.wait_for(ready(), 20)
    job = await call(server, "POST", path + "/transcript", {})
    assert job["state"] == "processing"

    async def done() -> dict[str, Any]:
        while True:
            answer = await call(server, "GET", path + "/transcript")
            states.append(answer["recording"]["transcript"]["state"])
            if states[-1] != "processing":
                return answer
            await asyncio.sleep(0.1)

    answer = await asyncio.wait_for(done(), 60)
    assert states[-1] == "completed"
    return answer


def monotonic(noun: dict[str, Any]) -> float:
    """When a session or recording started, on this machine's monotonic clock."""
    started = datetime.fromisoformat(noun["started_at"]).timestamp()
    return started - time.time() + time.monotonic()
