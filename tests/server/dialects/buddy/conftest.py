"""The dialect on the whole HTTP side, with an engine without media."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.bots import seen
from support.webserver import Web, serving

from server.dialects.buddy.ids import bot_id

BASE = "/v1/meeting-buddy"
HEADERS = {"x-api-key": "rt_dev"}


class Buddy:
    """A client of the dialect."""

    def __init__(self, web: Web) -> None:
        self.web = web

    async def call(self, method: str, path: str, status: int = 200, **more):
        headers = {**HEADERS, **more.pop("headers", {})}
        answer = await self.web.client.request(method, BASE + path, headers=headers, **more)
        assert answer.status == status, await answer.text()
        if answer.content_type != "application/json":
            return await answer.text()
        return await answer.json()

    async def start(self, link: str, status: int = 201, **body):
        return await self.call("POST", "/sessions", status, json={"meeting_link": link, **body})

    async def native(self, name: str = "Ada", **body) -> dict:
        """A session in a meeting with one person."""
        meeting = (await self.web.meeting())["id"]
        await self.web.join(meeting, name)
        return await self.start(f"{self.web.app.meetings.public_url}/m/{meeting}", **body)

    async def met(self, session_id: str) -> None:
        """Wait until the bot has seen somebody."""
        await seen(
            self.web.app.bots, bot_id(session_id), lambda data: data.get("event") == "joined"
        )


@pytest.fixture
async def buddy(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Buddy]:
    """A client; a parameter is the server's settings."""
    async with serving(tmp_path, **getattr(request, "param", {})) as web:
        yield Buddy(web)
