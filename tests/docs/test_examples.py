"""The documented programs run as documented, beside a real server."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
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


@pytest.mark.parametrize("name", ["join.py", "active_sessions.py", "fetch_recording.py"])
def test_an_example_fits_on_a_page(name: str):
    assert len((EXAMPLES / name).read_text().splitlines()) <= 60
