"""Webhooks to a real HTTP receiver: in order, signed, repeated where they must be."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cloudflare import AsyncCloudflare
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from support.rtc_client import MeetingClient
from support.server_process import ServerProcess
from support.wait import until

WHERE: dict[str, Any] = {"account_id": "acc", "app_id": "my-app"}
EVENTS: Any = [
    "meeting.started",
    "meeting.participantJoined",
    "meeting.participantLeft",
    "meeting.ended",
    "meeting.chatSynced",
    "recording.statusUpdate",
]


class Receiver:
    """Keeps what it was sent; `answers` are the next statuses, then 200."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, bytes]] = []
        self.answers: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.seen.append((request.headers, await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.seen]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    application = web.Application()
    application.router.add_post("/hook", made.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    settings = {"rtc.keep_alive_seconds": 1, "rtc.left_seconds": 0.2}
    async with ServerProcess(tmp_path / "data", settings=settings) as running:
        yield running


async def public_key(server: ServerProcess) -> rsa.RSAPublicKey:
    async with (
        aiohttp.ClientSession() as http,
        http.get(server.base_url + "/.well-known/webhooks.json") as response,
    ):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        document = await response.json()
    key = serialization.load_pem_public_key(document["data"]["publicKey"].encode())
    assert isinstance(key, rsa.RSAPublicKey)
    return key


async def test_a_meeting_is_told_in_order_and_verifies(server: ServerProcess, receiver: Receiver):
    client = AsyncCloudflare(api_token="rt_dev", base_url=server.base_url, max_retries=0)
    async with client:
        kit = client.realtime_kit
        await kit.webhooks.create_webhook(name="all", url=receiver.url, events=EVENTS, **WHERE)
        meeting = (await kit.meetings.create(**WHERE, title="Stand-up")).data.id
        mark = await kit.meetings.add_participant(
            meeting_id=meeting,
            custom_participant_id="user_1",
            preset_name="group_call_host",
            name="Mark",
            **WHERE,
        )
        receiver.answers = [503, 500]
        join = MeetingClient.join(server.base_url, meeting, token=mark.data.token, name=None)
        async with join as person:
            await person.send("chat", text="hello, world")
            await person.wait_for("chat")
            await kit.recordings.start_recordings(meeting_id=meeting, **WHERE)
            await until(lambda: "recording.statusUpdate" in receiver.names, 10, lambda: "")
        await until(lambda: _all_told(receiver), 20, lambda: f"saw {receiver.names}")

        key = await public_key(server)
        for headers, body in receiver.seen:
            signature = base64.b64decode(headers["rtk-signature"])
            key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
            assert headers["dyte-uuid"] == headers["rtk-uuid"]
        assert len({headers["rtk-uuid"] for headers, _ in receiver.seen[:3]}) == 1
        people = [name for name in receiver.names[2:] if name.startswith("meeting.")]
        assert people == [
            "meeting.started",
            "meeting.participantJoined",
            "meeting.participantLeft",
            "meeting.ended",
            "meeting.chatSynced",
        ]
        statuses = [e["recording"]["status"] for e in receiver.events if "recording" in e]
        assert statuses == ["INVOKED", "RECORDING", "UPLOADING", "UPLOADED"]
        by_name = {event["event"]: event for event in receiver.events}
        left = by_name["meeting.participantLeft"]
        assert left["participant"]["customParticipantId"] == "user_1"
        assert left["meeting"]["organizedBy"]["id"] == "my-app"
        assert by_name["meeting.ended"]["reason"] == "ALL_PARTICIPANTS_LEFT"
        assert by_name["meeting.ended"]["meeting"]["status"] == "LIVE"
        assert isinstance(receiver.events[-1].get("recording", {"fileSize": "1"})["fileSize"], str)
        session = by_name["meeting.ended"]["meeting"]["sessionId"]
        chat = await kit.sessions.get_session_chat(session_id=session, **WHERE)
        path = "/" + chat.data.chat_download_url.split("/", 3)[3]
        status, text = await asyncio.to_thread(server.request, "GET", path, key=None)
        assert status == 200
        assert "hello, world" in text


async def test_other_refusals_are_not_repeated(server: ServerProcess, receiver: Receiver):
    client = AsyncCloudflare(api_token="rt_dev", base_url=server.base_url, max_retries=0)
    async with client:
        kit = client.realtime_kit
        await kit.webhooks.create_webhook(
            name="started", url=receiver.url, events=["meeting.started"], **WHERE
        )
        receiver.answers = [410]
        for _ in range(2):
            meeting = (await kit.meetings.create(**WHERE)).data.id
            async with MeetingClient.join(server.base_url, meeting, name="Ada"):
                wanted = 1 + _
                await until(lambda: len(receiver.seen) >= wanted, 10, lambda: "")  # noqa: B023
    assert len({event["meeting"]["id"] for event in receiver.events}) == 2
    assert len(receiver.seen) == 2


async def test_a_crash_is_told_as_the_meeting_s_end_after_the_next_start(
    server: ServerProcess, receiver: Receiver
):
    client = AsyncCloudflare(api_token="rt_dev", base_url=server.base_url, max_retries=0)
    async with client:
        kit = client.realtime_kit
        await kit.webhooks.create_webhook(name="all", url=receiver.url, events=EVENTS, **WHERE)
        meeting = (await kit.meetings.create(**WHERE)).data.id
        async with MeetingClient.join(server.base_url, meeting, name="Ada") as person:
            await person.send("chat", text="hello, world")
            await person.wait_for("chat")
            await until(lambda: len(receiver.seen) == 2, 10, lambda: f"saw {receiver.names}")
            found = await kit.active_session.get_active_session(meeting_id=meeting, **WHERE)
            await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await until(lambda: len(receiver.seen) == 5, 15, lambda: f"saw {receiver.names}")
        assert receiver.names == EVENTS[:5]
        left, ended = receiver.events[2:4]
        assert {one["meeting"]["sessionId"] for one in (left, ended)} == {found.data.id}
        assert left["participant"]["leftAt"] == ended["meeting"]["endedAt"]
        details = await kit.sessions.get_session_details(session_id=found.data.id, **WHERE)
        assert (details.data.status, details.data.ended_at) == (
            "ENDED", ended["meeting"]["endedAt"],
        )  # fmt: skip
        key = await public_key(server)
        headers, body = receiver.seen[3]
        signature = base64.b64decode(headers["rtk-signature"])
        key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())


def _all_told(receiver: Receiver) -> bool:
    statuses = [e["recording"]["status"] for e in receiver.events if "recording" in e]
    return "UPLOADED" in statuses and "meeting.chatSynced" in receiver.names
