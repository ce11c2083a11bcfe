"""`roomtone serve` as a process: ready quickly, and nothing is lost when it is killed."""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.rtc_client import MeetingClient
from support.server_process import COMMAND, ServerProcess

from server.commands.serve import run
from server.config import Settings
from server.errors import StartError


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("server.commands.serve.configure", lambda **_: None)
    (tmp_path / "file").write_text("")
    settings = Settings.model_validate({"dev": True, "storage": {"data": tmp_path / "file" / "x"}})
    with pytest.raises(StartError, match="cannot be made"):
        run(settings, 0.0)


def test_the_banner_and_a_clean_end(tmp_path: Path):
    with ServerProcess(tmp_path / "data") as server:
        assert f"http://localhost:{server.port}/" in server.output
        assert "rt_dev" in server.output
        facts = json.loads((server.data / "server.json").read_text())
        assert facts["pid"] == server.pid
        assert server.stop() == 0
    assert "Traceback" not in server.output


@pytest.mark.parametrize("words", [[], ["--set", "rtc.udp_prt=1"]])
def test_a_wrong_call_ends_with_two_and_one_hint(tmp_path: Path, words: list[str]):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ROOMTONE_")}
    ended = subprocess.run(
        [COMMAND, "serve", "--data", tmp_path, *words],
        capture_output=True, text=True, check=False, env=environment, timeout=30,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("roomtone: ")
    assert "hint: " in ended.stderr


async def call(server: ServerProcess, method: str, path: str, body: object = None) -> dict:
    status, answer = await asyncio.to_thread(server.request, method, path, body)
    assert status < 300, answer
    return answer


async def eventually(read: Callable[[], object], wanted: Callable[[dict], bool]) -> dict:
    async with asyncio.timeout(20):
        while True:  # each turn awaits a whole request
            answer = await read()
            if wanted(answer):
                return answer


async def test_a_killed_server_closes_its_sessions_and_recovers_recordings(tmp_path: Path):
    data = tmp_path / "data"
    async with ServerProcess(data) as server:
        meeting = (await call(server, "POST", "/v1/meetings", {}))["id"]
        client = MeetingClient.join(server.base_url, meeting, name="Ada", tone=440)
        async with client as ada:
            started = await call(server, "POST", f"/v1/meetings/{meeting}/recordings")
            session = (await call(server, "GET", f"/v1/meetings/{meeting}/session"))["id"]
            events = f"/v1/sessions/{session}/events?after=0&limit=500"
            _ = await eventually(
                lambda: call(server, "GET", events),
                lambda page: any(e["type"] == "connection.quality" for e in page["items"]),
            )
            await asyncio.to_thread(server.kill)
            await ada.vanish()
    async with ServerProcess(data) as server:
        view = await call(server, "GET", f"/v1/sessions/{session}")
        assert view["state"] == "ended"
        assert view["reason"] == "server_stopped"
        (who,) = view["participants"]
        assert who["state"] == "left"
        assert [(c["state"], c["reason"]) for c in who["connections"]] == [
            ("closed", "server_stopped")
        ]
        recording = await eventually(
            lambda: call(server, "GET", f"/v1/recordings/{started['id']}"),
            lambda found: found["state"] != "processing",
        )
        assert (recording["state"], recording["recovered"]) == ("ready", True)
        assert len(recording["files"]) == 1
        assert recording["files"][0]["duration_seconds"] > 0


async def test_a_stopped_server_finishes_recordings_and_ends_sessions(tmp_path: Path):
    data = tmp_path / "data"
    async with ServerProcess(data) as server:
        meeting = (await call(server, "POST", "/v1/meetings", {"record": "always"}))["id"]
        async with MeetingClient.join(server.base_url, meeting, name="Ada", tone=440) as ada:
            listed = await eventually(
                lambda: call(server, "GET", "/v1/recordings"),
                lambda page: any(r["state"] == "recording" for r in page["items"]),
            )
            session = (await call(server, "GET", f"/v1/meetings/{meeting}/session"))["id"]
            assert await asyncio.to_thread(server.stop) == 0
            goodbye = await ada.wait_for("goodbye")
            assert goodbye["reason"] == "server_stopped"
    async with ServerProcess(data) as server:
        recording = await call(server, "GET", f"/v1/recordings/{listed['items'][0]['id']}")
        assert (recording["state"], recording["recovered"]) == ("ready", False)
        view = await call(server, "GET", f"/v1/sessions/{session}")
        assert (view["state"], view["reason"]) == ("ended", "server_stopped")
