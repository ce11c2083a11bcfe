"""The dialect over the whole HTTP side, with an engine without media and a clock that stands."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.webserver import KEY, Inbox, Web, serving

from server.dialects.realtimekit.routes import KEY_FILE
from server.services.signing_key import SigningKey
from signaling.connection import LiveConnection
from signaling.ports import JoinRequest

BASE = "/accounts/acc/realtime/kit"


class KitClient:
    """A client of the dialect for one account and app."""

    def __init__(self, web: Web) -> None:
        self.web = web

    async def raw(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, Any]:
        """Status, body and headers."""
        shown = KEY if headers is None else headers
        async with self.web.client.request(method, path, json=body, headers=shown) as answer:
            text = await answer.read()
            parsed = await answer.json() if answer.content_type.endswith("json") else text
            return answer.status, parsed, answer.headers

    async def call(self, method: str, path: str, body: Any = None, app: str = "app") -> Any:
        """Status and whole body of a call below the app."""
        status, parsed, _ = await self.raw(method, f"{BASE}/{app}{path}", body)
        return status, parsed

    async def data(self, method: str, path: str, body: Any = None, app: str = "app") -> Any:
        """`data` of a call that succeeds."""
        status, parsed = await self.call(method, path, body, app)
        assert status in (200, 201), parsed
        assert parsed["success"] is True
        return parsed["data"]

    async def refused(self, method: str, path: str, body: Any = None, app: str = "app") -> Any:
        """Status and message of a call that does not."""
        status, parsed = await self.call(method, path, body, app)
        assert parsed["success"] is False
        assert parsed["error"]["code"] == status
        assert parsed["errors"][0]["message"] == parsed["error"]["message"]
        return status, parsed["error"]["message"]

    async def meeting(self, **members: Any) -> str:
        return (await self.data("POST", "/meetings", members))["id"]

    async def invite(self, meeting: str, user: str, preset: str = "group_call_participant") -> Any:
        body = {"custom_participant_id": user, "preset_name": preset, "name": user}
        return await self.data("POST", f"/meetings/{meeting}/participants", body)

    async def join(self, meeting: str, token: str | None = None) -> LiveConnection:
        """Somebody comes in and is connected."""
        name = "Ada" if token is None else None
        inbox = Inbox()
        request = JoinRequest(meeting, token, name)
        live = await self.web.app.live.join(request, protocol="websocket", outbox=inbox)
        self.web.inboxes[live.id] = inbox
        self.web.engine.up(live.id)
        return live


@pytest.fixture(scope="session")
def signing_pem(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Made once: RSA keys take their time."""
    path = tmp_path_factory.mktemp("key") / "webhooks.pem"
    _ = SigningKey.load_or_create(path)
    return path.read_bytes()


@pytest.fixture
async def kit(tmp_path: Path, signing_pem: bytes) -> AsyncIterator[KitClient]:
    def prepare() -> None:
        path = tmp_path / KEY_FILE
        path.parent.mkdir(parents=True)
        path.write_bytes(signing_pem)

    await asyncio.to_thread(prepare)
    async with serving(tmp_path) as web:
        yield KitClient(web)
