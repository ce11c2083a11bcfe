"""The whole HTTP side in one process with real storage and an engine without media."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer
from support.clock import FakeClock
from support.empty_database import prepare
from support.engine import FakeEngine

from server.app import build
from server.config import Settings
from server.edge import create_application
from server.services.context import App
from signaling.connection import LiveConnection
from signaling.ports import JoinRequest

SECRET = "a secret of at least thirty-two characters"
KEY = {"Authorization": "Bearer rt_dev"}


class Inbox:
    """What a client would have been sent; satisfies `signaling.outbox.Outbox`."""

    def __init__(self) -> None:
        self.messages: list[object] = []
        self.closed: tuple[int, str] | None = None

    def send(self, message: object) -> None:
        self.messages.append(message)

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


class Web:
    """A server under test, and a client of it that shows no credential by itself."""

    def __init__(self, app: App, client: TestClient, engine: FakeEngine, clock: FakeClock) -> None:
        self.app, self.client, self.engine, self.clock = app, client, engine, clock
        self.inboxes: dict[str, Inbox] = {}

    async def meeting(self, **members: object) -> dict:
        """A new meeting, as the API answers it."""
        answer = await self.client.post("/v1/meetings", json=members, headers=KEY)
        assert answer.status == 201, await answer.text()
        return await answer.json()

    async def token(self, meeting: str, name: str = "Ada", **members: object) -> dict[str, str]:
        """Headers that show a fresh join token."""
        answer = await self.client.post(
            f"/v1/meetings/{meeting}/tokens", json={"name": name, **members}, headers=KEY
        )
        assert answer.status == 201, await answer.text()
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}

    def user(self, sub: str = "user_01", name: str = "Ada") -> dict[str, str]:
        """Headers that show a user token of the local issuer."""
        assert self.app.issuer is not None
        return {"Authorization": f"Bearer {self.app.issuer.issue(sub=sub, name=name, ttl=600)}"}

    async def join(self, meeting: str, name: str = "Ada", *, up: bool = True) -> LiveConnection:
        """Somebody in the meeting, connected unless told otherwise."""
        request = JoinRequest(meeting, None, name)
        inbox = Inbox()
        live = await self.app.live.join(
            request,
            protocol="websocket",
            client_name=None,
            transport="new",
            connection=None,
            outbox=inbox,
        )
        self.inboxes[live.id] = inbox
        if up:
            self.engine.up(live.id)
        return live


@asynccontextmanager
async def starting(
    data: Path, **settings: object
) -> AsyncIterator[tuple[App, FakeEngine, FakeClock]]:
    """Every part of the process but HTTP; in development mode unless told otherwise."""
    groups = {"dev": True, "auth": {"secret": SECRET}, "storage": {"data": data}, **settings}
    bots = settings.get("bots", {})
    groups["bots"] = {"max_browsers": 0, **bots}  # no test goes to a site by chance
    clock = FakeClock()
    async with running(Settings.model_validate(groups), clock) as (app, engine):
        yield app, engine, clock


@asynccontextmanager
async def running(settings: Settings, clock: FakeClock) -> AsyncIterator[tuple[App, FakeEngine]]:
    """The same of given settings."""
    engine = FakeEngine()
    await asyncio.to_thread(prepare, settings.storage.data)
    app = await asyncio.to_thread(build, settings, clock=clock, make_engine=lambda *_: engine)
    await app.storage.start()
    await app.tracker.start()
    await app.recordings.start_writing()
    await app.live.start()
    app.health.ready = True
    try:
        yield app, engine
    finally:
        await app.bots.close()
        await app.live.stop()
        await app.recordings.stop_all()
        await app.programs.close()
        await app.quality.stop()
        await app.tracker.stop()
        await app.documents.close()
        await app.storage.stop()


@asynccontextmanager
async def serving(data: Path, **settings: object) -> AsyncIterator[Web]:
    """The same with HTTP."""
    async with starting(data, **settings) as (app, engine, clock):
        application = await asyncio.to_thread(create_application, app)
        async with TestClient(TestServer(application)) as client:
            yield Web(app, client, engine, clock)
