"""A bot sent by the published SDK hears two voices in a real meeting; and one whose server dies."""

import asyncio
import io
import time
import wave
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
from aitronos import Aitronos
from support.rtc_client import MeetingClient
from support.server_process import ServerProcess
from support.speech import PHRASES, VoiceTrack, needs_espeak, script, spoken, word_errors
from support.wait import answered, until

SETTINGS = {"recording.floor_bytes": 0, "media.workers": 1}
LATE = 0.5
"""Seconds by which the embedded engine may place a word wrongly."""
SAID = {
    "Ada": ((2.0, PHRASES[0]), (9.0, PHRASES[3])),
    "Bo": ((5.6, PHRASES[2]), (12.0, PHRASES[4])),
}


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as opened:
        yield opened


class Program:
    """A program that uses the SDK; its blocking calls run beside the clients' loop."""

    def __init__(self, server: ServerProcess, http: httpx.Client) -> None:
        self.server = server
        self.sdk = Aitronos(api_key="rt_dev", base_url=server.base_url, httpx_client=http)

    async def call(self, function: Callable[..., Any], *words: Any, **named: Any) -> Any:
        return await asyncio.to_thread(function, *words, **named)

    async def send(self) -> tuple[str, str]:
        """A new meeting and a bot for it."""
        _, meeting = await asyncio.to_thread(self.server.request, "POST", "/v1/meetings", {})
        made = await self.call(
            self.sdk.meeting_buddy.create_meeting_buddy_session,
            meeting_link=f"http://localhost:{self.server.port}/m/{meeting['id']}",
            bot_name="Buddy",
        )
        return meeting["id"], made.session_id

    async def reaches(self, session: str, field: str, *wanted: str, seconds: float = 30) -> Any:
        """The session once a field has one of the values."""
        get = self.sdk.meeting_buddy.get_meeting_buddy_session
        return await answered(
            lambda: self.call(get, session), lambda found: getattr(found, field) in wanted, seconds
        )


def judge(segments: list[Any]) -> None:
    """Each voice's words under its own name."""
    assert {one.speaker_display_name for one in segments} == set(SAID)
    for name, turns in SAID.items():
        said = " ".join(text for _, text in turns)
        heard = " ".join(one.text for one in segments if one.speaker_display_name == name)
        assert word_errors(said, heard) <= 0.3 * len(said.split()), heard


@needs_espeak
@pytest.mark.long
@pytest.mark.timeout(180)
async def test_two_voices_are_written_down_recorded_and_counted(tmp_path: Path, http: httpx.Client):
    voices = {name: VoiceTrack(script(*turns)) for name, turns in SAID.items()}
    async with ServerProcess(tmp_path / "data", settings=SETTINGS) as server:
        program = Program(server, http)
        sdk = program.sdk
        meeting, session = await program.send()
        url = server.base_url
        async with MeetingClient.join(url, meeting, name="Host", tone=None):
            await program.reaches(session, "status", "active", "recording")
            async with (
                MeetingClient.join(url, meeting, name="Ada", microphone=voices["Ada"]),
                MeetingClient.join(url, meeting, name="Bo", microphone=voices["Bo"]),
            ):
                await program.reaches(session, "status", "recording")
                await until(lambda: all(voice.finished for voice in voices.values()), 60)
                await program.call(sdk.meeting_buddy.stop_meeting_buddy_session, session)
                await program.reaches(session, "status", "completed")
        transcripts = sdk.meeting_buddy_transcripts
        judge(await program.call(transcripts.get_meeting_buddy_transcripts, session))
        await judge_words(program, session, voices)
        stats = await program.call(sdk.meeting_buddy_analytics.get_speaker_stats)
        assert {one.speaker for one in stats.speakers} == set(SAID)
        assert all(one.total_word_count > 3 for one in stats.speakers)
        await sounds(program, session)
        await program.call(transcripts.retry_session_transcription, session)
        again = await program.reaches(session, "transcription_status", "completed", seconds=60)
        assert again.is_post_fixed
        judge(await program.call(transcripts.get_meeting_buddy_transcripts, session))


async def judge_words(program: Program, session: str, voices: dict[str, VoiceTrack]) -> None:
    """The words of the export, in seconds from the bot's joining, lie where they were spoken."""
    export = f"/v1/meeting-buddy/sessions/{session}/transcripts/export?format=json"
    answer = await asyncio.to_thread(
        httpx.get, program.server.base_url + export, headers={"x-api-key": "rt_dev"}
    )
    segments = answer.json()["segments"]
    bot = str(UUID(session.removeprefix("mbsess_")))
    _, shown = await asyncio.to_thread(program.server.request, "GET", f"/v1/bots/{bot}")
    joined = datetime.fromisoformat(shown["joined_at"]).timestamp()
    zero = joined - time.time() + time.monotonic()
    for name, turns in SAID.items():
        words = [one for each in segments if each["speaker"] == name for one in each["words"]]
        for at, text in turns:
            begin = (voices[name].began or 0) - zero + at
            end = begin + len(spoken(text)) / 48_000
            inside = [one for one in words if begin - LATE < one["start"] < end + LATE]
            assert abs(inside[0]["start"] - begin) <= LATE, (begin, inside)
            assert abs(inside[-1]["end"] - end) <= LATE, (end, inside)


async def sounds(program: Program, session: str) -> None:
    """The mixed recording can be downloaded, is as long as the talk, and is not silent."""
    await program.reaches(session, "recording_status", "completed", seconds=60)
    path = f"/v1/meeting-buddy/sessions/{session}/recording/download"
    url, key = program.server.base_url + path, {"x-api-key": "rt_dev"}
    answer = await answered(
        lambda: program.call(httpx.get, url, headers=key, timeout=60),
        lambda answer: answer.status_code != 404,
        60,
    )
    assert answer.status_code == 200, answer.text
    with wave.open(io.BytesIO(answer.content)) as file:
        seconds = file.getnframes() / file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert seconds > 12
    assert np.abs(samples).max() > 1000


async def test_a_killed_server_fails_its_bots(tmp_path: Path, http: httpx.Client):
    server = ServerProcess(tmp_path / "data", settings=SETTINGS)
    await asyncio.to_thread(server.start)
    try:
        program = Program(server, http)
        meeting, session = await program.send()
        async with MeetingClient.join(server.base_url, meeting, name="Ada"):
            await program.reaches(session, "status", "recording")
            await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        found = await program.reaches(session, "status", "failed", "completed")
        assert (found.status, found.error_code) == ("failed", "SERVER_RESTARTED")
    finally:
        await asyncio.to_thread(server.stop)
