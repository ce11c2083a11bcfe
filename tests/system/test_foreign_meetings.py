"""A bot goes with a real Chromium to a meeting of another server: ours, in a process of its own."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from support.rtc_client import MeetingClient
from support.server_process import ServerProcess
from support.wait import until
from system.test_recording import call, decoded, fetch, in_state, pitch

pytestmark = [
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium"),
    pytest.mark.timeout(400),
]
TONES = {"Ada": 440, "Bo": 880}


class Two:
    """A server of ours, and another whose meetings are foreign to it."""

    def __init__(self, ours: ServerProcess, foreign: ServerProcess) -> None:
        self.ours, self.foreign = ours, foreign

    async def meeting(self, **members: Any) -> str:
        status, body = await asyncio.to_thread(
            self.foreign.request, "POST", "/v1/meetings", {"title": "elsewhere", **members}
        )
        assert status == 201
        return body["id"]

    async def send(self, meeting: str, **members: Any) -> str:
        link = f"{site(self.foreign)}/m/{meeting}"
        body = {"link": link, "name": "Notes", "transcribe": False, **members}
        status, bot = await asyncio.to_thread(self.ours.request, "POST", "/v1/bots", body)
        assert status == 201, bot
        assert bot["platform"] == "other"
        return bot["id"]

    async def bot(self, bot_id: str) -> dict[str, Any]:
        return await call(self.ours, "GET", f"/v1/bots/{bot_id}")

    async def until(
        self, bot_id: str, judge: Callable[[dict[str, Any]], bool], within: float = 90.0
    ) -> dict[str, Any]:
        """The bot once it is as wanted."""
        seen: list[dict[str, Any]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not seen or not judge(seen[-1]):
                    seen.append(await self.bot(bot_id))
                    await asyncio.sleep(0.1)
                return seen[-1]
        raise AssertionError(f"not within {within} s: {seen[-1]}\n{self.ours.output}")


def site(server: ServerProcess) -> str:
    return f"http://127.0.0.1:{server.port}"


def family(server: ServerProcess) -> set[int]:
    """Every process below the server's, whatever it is: Playwright's driver and all browsers."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    found = {server.pid}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {server.pid}


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def browsers(server: ServerProcess) -> list[int]:
    """The first process of each browser."""
    found = []
    for pid in family(server):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"--remote-debugging" in words and b"--type=" not in words:
                found.append(pid)
    return found


def tracks(recording: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of people; a mix is made besides."""
    return [file for file in recording["files"] if file["name"] is not None]


def names(bot: dict[str, Any]) -> set[str]:
    return {one["name"] for one in bot["people"] if one["left_at"] is None}


@contextlib.asynccontextmanager
async def two(folder: Path, **settings: Any) -> AsyncIterator[Two]:
    async with ServerProcess(folder / "foreign") as foreign:
        sites = {site(foreign): "roomtone"}
        wishes = {"bots.sites": sites, "bots.max_browsers": 4, **settings}
        async with ServerProcess(folder / "ours", settings=wishes) as ours:
            yield Two(ours, foreign)


async def published(both: Two, mirror: str, speakers: set[str]) -> None:
    """Wait until these voices arrive in the mirror."""
    async with asyncio.timeout(60):
        while True:
            session = await call(both.ours, "GET", f"/v1/meetings/{mirror}/session")
            voices = [one for one in session["participants"] if one["kind"] == "person"]
            if {one["name"] for one in voices if one["connections"]} >= speakers:
                return
            await asyncio.sleep(0.1)


async def heard_for(client: MeetingClient, frames: int) -> None:
    """Wait until a client has heard so much more of Bo: media time, not wall time."""
    ear = await client.hears(TONES["Bo"])
    before = ear.frames
    await until(lambda: ear.frames >= before + frames, 60)


async def test_two_speakers_elsewhere_are_recorded_here_under_their_names(tmp_path: Path):
    async with two(tmp_path) as both:
        meeting, url = await both.meeting(), both.foreign.base_url
        assert family(both.ours) == set()
        async with (
            MeetingClient.join(url, meeting, name="Ada", tone=TONES["Ada"]) as ada,
            MeetingClient.join(url, meeting, name="Bo", tone=TONES["Bo"]),
        ):
            bot_id = await both.send(meeting)
            bot = await both.until(bot_id, lambda bot: bot["status"] == "recording")
            assert "Notes" in {one["name"] for one in ada.roster.values()}
            _ = await both.until(bot_id, lambda bot: names(bot) == set(TONES))
            mirror = bot["meeting_id"]
            await published(both, mirror, set(TONES))
            await heard_for(ada, 150)
            assert family(both.ours)  # the driver and Chromium
            _ = await call(both.foreign, "POST", f"/v1/meetings/{meeting}/end")
            bot = await both.until(bot_id, lambda bot: bot["status"] == "completed")
        assert bot["end_reason"] == "meeting_ended"
        recording = await in_state(both.ours, bot["recording_id"], "ready")
        assert recording["meeting_id"] == mirror
        files = tracks(recording)
        assert sorted(file["name"] for file in files) == sorted(TONES)
        for file in files:
            path = f"/v1/recordings/{recording['id']}/files/{file['id']}"
            samples = decoded((await fetch(both.ours, path))[1])
            assert len(samples) > 120_000
            assert pitch(samples[-96_000:-24_000]) == pytest.approx(TONES[file["name"]], abs=5)
        status, _ = await asyncio.to_thread(
            both.ours.request, "GET", f"/v1/meetings/{mirror}/session"
        )
        assert status == 404  # nothing goes on in the mirror
        left = family(both.ours)
    await until(lambda: not alive(left), 20)


@pytest.mark.long
async def test_every_way_to_fail_has_its_own_code(tmp_path: Path):
    """Unknown, refused at the door, never let in, removed, and a browser that is killed."""
    quick = {"bots.waiting_room_seconds": 4, "bots.retry_seconds": [0.5], "bots.max_active": 20}
    async with two(tmp_path, **quick) as both:
        unknown = await both.send("0197b1a0-0000-7000-8000-000000000001")
        bot = await both.until(unknown, lambda bot: bot["status"] == "failed")
        assert bot["error_code"] == "MEETING_NOT_FOUND"

        door = await both.meeting(waiting_room="on")
        waiting = await both.send(door)
        bot = await both.until(waiting, lambda bot: bot["substatus"] == "waiting_room")
        assert bot["status"] == "joining"
        bot = await both.until(waiting, lambda bot: bot["status"] == "failed")
        assert bot["error_code"] == "WAITING_ROOM_TIMEOUT"

        refused = await both.send(door)
        _ = await both.until(refused, lambda bot: bot["substatus"] == "waiting_room")
        visitors = await call(both.foreign, "GET", f"/v1/meetings/{door}/visitors")
        visitor = visitors["items"][-1]["id"]
        _ = await call(both.foreign, "POST", f"/v1/meetings/{door}/visitors/{visitor}/refuse")
        bot = await both.until(refused, lambda bot: bot["status"] == "failed")
        assert bot["error_code"] == "ADMISSION_DENIED"

        meeting = await both.meeting()
        removed = await both.send(meeting)
        _ = await both.until(removed, lambda bot: bot["status"] == "active")
        session = await call(both.foreign, "GET", f"/v1/meetings/{meeting}/session")
        notes = next(one for one in session["participants"] if one["state"] == "present")
        _ = await call(both.foreign, "POST", f"/v1/participants/{notes['id']}/kick")
        bot = await both.until(removed, lambda bot: bot["status"] == "completed")
        assert bot["end_reason"] == "removed"

        crashed = await both.send(meeting)
        _ = await both.until(crashed, lambda bot: bot["status"] == "active")
        for pid in browsers(both.ours):
            os.kill(pid, signal.SIGKILL)
        bot = await both.until(crashed, lambda bot: bot["status"] == "failed")
        assert bot["error_code"] == "BOT_CRASHED"
        assert not browsers(both.ours)


@pytest.mark.long
async def test_a_platform_that_cannot_be_reached_is_tried_again(tmp_path: Path):
    async with two(
        tmp_path, **{"bots.retry_seconds": [3] * 10, "bots.media_lost_seconds": 6}
    ) as both:
        meeting, port = await both.meeting(), both.foreign.port
        inside = await both.send(meeting)
        _ = await both.until(inside, lambda bot: bot["status"] == "active")
        async with MeetingClient.join(both.foreign.base_url, meeting, name="Ada", tone=440):
            bot = await both.until(inside, lambda bot: bot["status"] == "recording")
            both.foreign.kill()
            bot = await both.until(inside, lambda bot: bot["status"] == "failed")
        assert bot["error_code"] == "MEDIA_TIMEOUT"
        recording = await in_state(both.ours, bot["recording_id"], "ready")
        assert [one["name"] for one in tracks(recording)] == ["Ada"]

        away = await both.send(meeting)
        bot = await both.until(away, lambda bot: bot["status"] == "joining")
        listed = await call(both.ours, "GET", "/v1/meeting-buddy/analytics/active")
        assert [one["status"] for one in listed] == ["joining"]
        both.foreign = ServerProcess(tmp_path / "foreign", port=port)
        async with both.foreign:
            _ = await both.until(away, lambda bot: bot["status"] == "active")
        bot = await both.until(away, lambda bot: bot["status"] in ("completed", "failed"))

        gone = await both.send(meeting)
        bot = await both.until(gone, lambda bot: bot["status"] == "failed")
        assert bot["error_code"] == "JOIN_FAILED"
        assert "cannot be reached" in bot["error_message"]


@pytest.mark.long
async def test_no_browser_outlives_the_server(tmp_path: Path):
    """Not after a stop, and not after a crash."""
    async with two(tmp_path, **{"bots.max_browsers": 1, "bots.retry_seconds": [60]}) as both:
        meeting = await both.meeting()
        first = await both.send(meeting)
        _ = await both.until(first, lambda bot: bot["status"] == "active")
        second = await both.send(await both.meeting())
        retried = lambda bot: bot["status"] == "joining"  # noqa: E731
        _ = await both.until(second, retried)
        assert len(browsers(both.ours)) == 1
        left = family(both.ours)
        both.ours.kill()
        await until(lambda: not alive(left), 20)
        await asyncio.to_thread(both.ours.start)
        third = await both.send(meeting)
        _ = await both.until(third, lambda bot: bot["status"] == "active")
        left = family(both.ours)
        assert await asyncio.to_thread(both.ours.stop) == 0
        await until(lambda: not alive(left), 20)  # the kernel takes its time on a busy machine


async def test_without_a_browser_the_platform_is_not_available(tmp_path: Path):
    async with two(tmp_path, **{"bots.browser_program": "/nowhere/chromium"}) as both:
        failed = await both.send(await both.meeting())
        bot = await both.until(failed, lambda bot: bot["status"] == "failed")
        assert bot["error_code"] == "PLATFORM_NOT_AVAILABLE"
        assert "Chromium" in bot["error_message"]
