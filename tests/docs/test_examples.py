"""The documented programs run as documented, beside a real server."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from av import AudioFrame
from support.rtc_client import MeetingClient
from support.rtc_peer import ToneTrack
from support.server_process import ServerProcess

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path / "data") as running:
        yield running


async def run(name: str, *arguments: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / name),
        *(str(argument) for argument in arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def output_of(process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(40):
        text, _ = await process.communicate()
    assert process.returncode == 0, text.decode()
    return text.decode()


def first_bytes(directory: Path) -> list[bytes]:
    return [file.read_bytes()[:4] for file in directory.glob("*.ogg")]


async def test_join_list_record_and_fetch(server: ServerProcess, tmp_path: Path):
    status, meeting = await asyncio.to_thread(server.request, "POST", "/v1/meetings", {})
    assert status == 201
    here = (server.base_url, meeting["id"])
    joining = await run("join.py", *here, "--name", "Grace", "--seconds", 40)
    try:
        async with asyncio.timeout(30):
            while b'"quality"' not in await joining.stdout.readline():
                continue
        listed = await output_of(await run("active_sessions.py", *here))
        assert "connected Grace" in listed
        assert "1 active" in listed
        fetched = await output_of(
            await run("fetch_recording.py", *here, "--seconds", 2, "--to", tmp_path)
        )
        assert "ready 1 files" in fetched
        assert await asyncio.to_thread(first_bytes, tmp_path) == [b"OggS"]
    finally:
        joining.kill()
        _ = await joining.wait()


class Bursts(ToneTrack):
    """A second of tone, two of silence."""

    async def recv(self) -> AudioFrame:
        self.amplitude = 0.0 if self._sample // 48_000 % 3 else 0.3
        return await super().recv()


async def test_the_bot_hears_who_spoke_and_beeps(tmp_path: Path):
    program = {"media.programs": f"{EXAMPLES / 'beep_bot.py'}:beeper"}
    async with ServerProcess(tmp_path / "data", settings=program) as server:
        _, meeting = await asyncio.to_thread(server.request, "POST", "/v1/meetings", {})
        ada = MeetingClient.join(server.base_url, meeting["id"], microphone=Bursts(440))
        async with ada:
            _ = await ada.hears(880)
            (bot,) = ada.roster.values()
            assert (bot["name"], bot["kind"]) == ("Beeper", "bot")
    assert re.search(r"^Ada spoke for [12]\.\d s$", server.output, re.MULTILINE)


def test_the_bot_fits_on_a_slide():
    assert len((EXAMPLES / "beep_bot.py").read_text().splitlines()) <= 22


@pytest.mark.parametrize("name", ["join.py", "active_sessions.py", "fetch_recording.py"])
def test_an_example_fits_on_a_page(name: str):
    assert len((EXAMPLES / name).read_text().splitlines()) <= 60
