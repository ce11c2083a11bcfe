"""Recordings made by a real server, fetched over HTTP and decoded."""

import asyncio
import io
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest
from support.rtc_client import MeetingClient
from support.server_process import ServerProcess
from support.wait import until

KEY = {"Authorization": "Bearer rt_dev"}
TONES = {"Ada": 440, "Bo": 880}


async def call(server: ServerProcess, method: str, path: str) -> dict[str, Any]:
    """A request that must succeed."""
    status, body = await asyncio.to_thread(server.request, method, path)
    assert status < 300, body
    return body


async def in_state(server: ServerProcess, recording: str, *states: str) -> dict[str, Any]:
    """The recording once it is in one of the states."""
    answers: list[dict[str, Any]] = []

    async def poll() -> None:
        while not answers or answers[-1]["state"] not in states:
            answers.append(await call(server, "GET", f"/v1/recordings/{recording}"))

    await asyncio.wait_for(poll(), 20)
    return answers[-1]


def decoded(ogg: bytes) -> np.ndarray:
    """All samples of a file at 48 kHz, mono."""
    with av.open(io.BytesIO(ogg)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1)[0].astype(np.float64)


def pitch(samples: np.ndarray) -> float:
    """The strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 48_000 / len(samples))


async def fetch(server: ServerProcess, path: str, **headers: str) -> tuple[int, bytes]:
    """A file or a part of it."""
    async with (
        aiohttp.ClientSession(headers=KEY | headers) as http,
        http.get(server.base_url + path) as answer,
    ):
        return answer.status, await answer.read()


async def recorded_for(client: MeetingClient, frames: int) -> None:
    """Wait until a client has heard that much more of the other: media time, not wall time."""
    ear = await client.hears(TONES["Bo"])
    before = ear.frames
    await until(lambda: ear.frames >= before + frames, 20)


async def test_each_person_is_a_file_that_plays_and_seeks(server: ServerProcess, meeting: str):
    url = server.base_url
    async with (
        MeetingClient.join(url, meeting, name="Ada", tone=TONES["Ada"]) as ada,
        MeetingClient.join(url, meeting, name="Bo", tone=TONES["Bo"]),
    ):
        await ada.hears(TONES["Bo"])
        started = await call(server, "POST", f"/v1/meetings/{meeting}/recordings")
        await ada.wait_for("recording")
        status, refusal = await asyncio.to_thread(
            server.request, "POST", f"/v1/meetings/{meeting}/recordings"
        )
        assert (status, refusal["code"]) == (409, "recording_running")
        assert refusal["recording_id"] == started["id"]
        await recorded_for(ada, 150)
        await call(server, "POST", f"/v1/recordings/{started['id']}/stop")
    ready = await in_state(server, started["id"], "ready", "failed")
    assert ready["state"] == "ready"
    assert sorted(file["name"] for file in ready["files"]) == ["Ada", "Bo"]
    for file in ready["files"]:
        path = f"/v1/recordings/{started['id']}/files/{file['id']}"
        status, whole = await fetch(server, path)
        assert (status, len(whole)) == (200, file["bytes"])
        samples = decoded(whole)
        assert pitch(samples) == pytest.approx(TONES[file["name"]], abs=3)
        assert len(samples) / 48_000 == pytest.approx(file["duration_seconds"], abs=0.1)
        assert file["duration_seconds"] == pytest.approx(ready["duration_seconds"], abs=0.2)
        status, part = await fetch(server, path, Range="bytes=100-299")
        assert (status, part) == (206, whole[100:300])


async def test_a_reconnect_continues_the_track_in_a_second_segment(
    server: ServerProcess, meeting: str
):
    url = server.base_url
    async with MeetingClient.join(url, meeting, name="Ada", tone=TONES["Ada"]) as ada:
        async with MeetingClient.join(url, meeting, name="Bo", tone=TONES["Bo"]) as bo:
            await ada.hears(TONES["Bo"])
            started = await call(server, "POST", f"/v1/meetings/{meeting}/recordings")
            await recorded_for(ada, 50)
            async with MeetingClient.join(
                url, meeting, tone=TONES["Bo"], resume=bo.resume_token
            ) as again:
                assert again.participant_id == bo.participant_id
                await recorded_for(ada, 50)
        await call(server, "POST", f"/v1/recordings/{started['id']}/stop")
    ready = await in_state(server, started["id"], "ready", "failed")
    segments = sorted(
        (f["segment"], f["offset_seconds"]) for f in ready["files"] if f["name"] == "Bo"
    )
    assert [number for number, _ in segments] == [1, 2]
    assert segments[0][1] < segments[1][1]


async def test_a_killed_server_recovers_what_it_recorded(tmp_path: Path):
    """Kill -9 while recording: the next start finishes the files and closes the session."""
    server = ServerProcess(tmp_path / "data").start()
    try:
        status, meeting = server.request("POST", "/v1/meetings", {"title": "doomed"})
        assert status == 201
        ada = MeetingClient.join(server.base_url, meeting["id"], name="Ada", tone=TONES["Ada"])
        bo = MeetingClient.join(server.base_url, meeting["id"], name="Bo", tone=TONES["Bo"])
        async with ada, bo:
            await ada.hears(TONES["Bo"])
            started = await call(server, "POST", f"/v1/meetings/{meeting['id']}/recordings")
            session = await call(server, "GET", f"/v1/meetings/{meeting['id']}/session")
            await recorded_for(ada, 150)
            await asyncio.to_thread(server.kill)
            resume = ada.resume_token
        await asyncio.to_thread(server.start)
        ready = await in_state(server, started["id"], "ready", "failed")
        assert (ready["state"], ready["recovered"]) == ("ready", True)
        for file in ready["files"]:
            path = f"/v1/recordings/{started['id']}/files/{file['id']}"
            samples = decoded((await fetch(server, path))[1])
            assert len(samples) / 48_000 > 2.0  # of three seconds; at most one may be lost
            assert pitch(samples) == pytest.approx(TONES[file["name"]], abs=3)
        ended = await call(server, "GET", f"/v1/sessions/{session['id']}")
        assert (ended["state"], ended["reason"]) == ("ended", "server_stopped")
        async with MeetingClient.join(
            server.base_url, meeting["id"], name=None, resume=resume
        ) as back:
            assert back.me["name"] == "Ada"
            assert back.participant_id != ada.participant_id
            now = await call(server, "GET", f"/v1/meetings/{meeting['id']}/session")
            assert now["continues"] == session["id"]
    finally:
        server.stop()


async def test_sigterm_finishes_the_recording(tmp_path: Path):
    server = ServerProcess(tmp_path / "data").start()
    try:
        _, meeting = server.request("POST", "/v1/meetings", {"record": "always"})
        async with (
            MeetingClient.join(server.base_url, meeting["id"], name="Ada", tone=440) as ada,
            MeetingClient.join(server.base_url, meeting["id"], name="Bo", tone=880),
        ):
            await recorded_for(ada, 50)
            assert await asyncio.to_thread(server.stop) == 0
            goodbye = await ada.wait_for("goodbye")
            assert goodbye["reason"] == "server_stopped"
        await asyncio.to_thread(server.start)
        listed = await call(server, "GET", f"/v1/recordings?meeting={meeting['id']}")
        (recording,) = listed["items"]
        assert (recording["state"], recording["recovered"]) == ("ready", False)
        assert sorted(file["name"] for file in recording["files"]) == ["Ada", "Bo"]
    finally:
        server.stop()
