"""The published Python SDK against a real server in a process of its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from aitronos import Aitronos
from aitronos.core.api_error import ApiError
from support.rtc_client import MeetingClient
from support.server_process import ServerProcess
from support.wait import answered


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as opened:
        yield opened


def client(server: ServerProcess, http: httpx.Client, key: str = "rt_dev") -> Aitronos:
    return Aitronos(api_key=key, base_url=server.base_url, httpx_client=http)


async def test_the_sdk_starts_watches_and_erases_a_bot(tmp_path: Path, http: httpx.Client):
    async with ServerProcess(tmp_path / "data", settings={"recording.floor_bytes": 0}) as server:
        _, meeting = await asyncio.to_thread(server.request, "POST", "/v1/meetings", {})
        sdk = client(server, http)
        async with MeetingClient.join(server.base_url, meeting["id"], name="Ada", tone=None):
            made = await asyncio.to_thread(
                sdk.meeting_buddy.create_meeting_buddy_session,
                meeting_link=f"http://localhost:{server.port}/m/{meeting['id']}",
                bot_name="Buddy",
                transcription_enabled=False,
            )
            assert (made.status, made.platform) == ("initializing", "roomtone")

            _ = await answered(
                lambda: asyncio.to_thread(sdk.meeting_buddy_analytics.get_active_sessions),
                lambda active: any(one.current_participants == ["Ada"] for one in active),
                20,
            )
            stopped = await asyncio.to_thread(
                sdk.meeting_buddy.stop_meeting_buddy_session, made.session_id
            )
            assert stopped.status == "completed"
            again = await asyncio.to_thread(
                sdk.meeting_buddy.stop_meeting_buddy_session_post, made.session_id
            )
            assert again.status == "completed"
            listed = await asyncio.to_thread(sdk.meeting_buddy.list_meeting_buddy_sessions)
            assert [one.session_id for one in listed.sessions] == [made.session_id]
        summary = await asyncio.to_thread(sdk.meeting_buddy_analytics.get_meeting_buddy_summary)
        assert summary.completed_sessions == 1
        said = await asyncio.to_thread(
            sdk.meeting_buddy_transcripts.get_meeting_buddy_transcripts, made.session_id
        )
        assert said == []
        await asyncio.to_thread(
            sdk.meeting_buddy_recordings.delete_meeting_buddy_session_permanent, made.session_id
        )
        with pytest.raises(ApiError) as gone:
            await asyncio.to_thread(sdk.meeting_buddy.get_meeting_buddy_session, made.session_id)
        assert gone.value.status_code == 404
        with pytest.raises(ApiError) as refused:
            await asyncio.to_thread(
                client(server, http, "ak_wrong").meeting_buddy.list_meeting_buddy_sessions
            )
        assert refused.value.status_code == 401
