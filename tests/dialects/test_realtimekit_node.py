"""The published npm client `cloudflare`, 7.3.0 and the call shape of 6.x; where Node is there."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.rtc_client import MeetingClient
from support.server_process import ServerProcess

NODE = Path(__file__).with_name("node")

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules/cloudflare").is_dir(),
    reason="needs Node and npm install in tests/dialects/node",
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path / "data") as running:
        yield running


async def calls(server: ServerProcess, major: str, meeting: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        "node",
        "kit.mjs",
        f"{server.base_url}/client/v4",
        major,
        meeting,
        cwd=NODE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return json.loads(out)


async def test_both_call_shapes_read_and_end_a_session(server: ServerProcess):
    status, meeting = await asyncio.to_thread(
        server.request, "POST", "/v1/meetings", {"title": "Stand-up"}
    )
    assert status == 201
    for major in ("6", "7"):
        async with MeetingClient.join(server.base_url, meeting["id"], name="Ada"):
            results = await calls(server, major, meeting["id"])
        assert "data" in results["active"], results
        active = results["active"]["data"]
        assert (active["live_participants"], active["status"]) == (1, "LIVE")
        assert active["organization_id"] == "my-app"
        assert results["created"]["data"]["title"] == "From Node"
        assert results["missing"]["status"] == 404
        assert results["missing"]["name"] == "NotFoundError"
        assert results["missing"]["body"]["error"] == {
            "code": 404,
            "message": "No active session found for meeting_id nothing",
        }
        assert results["added"]["data"]["token"].startswith("eyJ")
        assert active["id"] in [one["id"] for one in results["sessions"]["data"]["sessions"]]
        assert results["kicked"]["data"]["kicked_participants_count"] == 1
