"""The dialect over real services on a real database, without media: facts are appended by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from support.clock import FakeClock
from support.convex_sync import RefusedError, SyncClient
from support.empty_database import prepare
from support.engine import FakeEngine
from support.identity import Identity
from support.webserver import running

from server.auth.authenticate import Authenticator, build_trusted
from server.auth.issuer import LocalIssuer
from server.auth.jwks import WebDocuments
from server.auth.keys import KeyRing
from server.auth.providers import Provider
from server.auth.tokens import TokenSigner
from server.config import AuthSettings, Settings, StorageSettings
from server.dialects.convex.ids import MeetingIds, Table, encode_id
from server.dialects.convex.routes import add_routes
from server.services.context import App
from server.services.meetings import MeetingsService
from server.services.tracker import Tracker
from server.services.users import UsersService
from server.services.views import CreateMeeting, TokenWish
from server.storage.sql import SqlStorage
from signaling.ids import new_id
from signaling.log import ConnectionChanged, LogEntry, ParticipantJoined, SessionChanged
from signaling.model import (
    Connection,
    ConnectionState,
    Meeting,
    Participant,
    ParticipantKind,
    ParticipantState,
    Role,
    Session,
    SessionState,
)

PROVIDER = Identity("https://id.test", "ES256", "key-1")


@dataclass
class World:
    """What the dialect needs of the process, and a hand to write facts with."""

    settings: Settings
    clock: FakeClock
    storage: SqlStorage
    tracker: Tracker
    users: UsersService
    meetings: MeetingsService
    keys: KeyRing
    signer: TokenSigner
    issuer: LocalIssuer
    authenticator: Authenticator
    sequences: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)

    async def meeting(self, **members: Any) -> Meeting:
        who = {"account": "default", "by": None} | members
        return await self.meetings.create(CreateMeeting(title="Standup"), **who)

    def join(self, meeting: Meeting, name: str, user_id: str | None = None) -> Connection:
        """Somebody is admitted, with one connection in `connecting`."""
        now = self.clock.utc()
        session_id = self.sessions.get(meeting.id) or self._open(meeting)
        participant = Participant(
            new_id(),
            session_id,
            meeting.id,
            name,
            Role.PARTICIPANT,
            ParticipantKind.PERSON,
            ParticipantState.PRESENT,
            now,
            user_id=user_id,
        )
        self.append(session_id, meeting.id, ParticipantJoined(participant))
        own = new_id()
        connection = Connection(
            own,
            session_id,
            meeting.id,
            participant.id,
            ConnectionState.CONNECTING,
            now,
            now,
            own,
        )
        self.append(session_id, meeting.id, ConnectionChanged(connection, None))
        return connection

    def turn(self, connection: Connection, state: ConnectionState, **members: Any) -> Connection:
        """The connection changes."""
        changed = replace(connection, state=state, updated_at=self.clock.utc(), **members)
        fact = ConnectionChanged(changed, connection.state)
        self.append(connection.session_id, connection.meeting_id, fact)
        return changed

    def append(self, session_id: str, meeting_id: str, fact: Any) -> None:
        self.sequences[session_id] = self.sequences.get(session_id, 0) + 1
        entry = LogEntry(session_id, meeting_id, self.sequences[session_id], self.clock.utc(), fact)
        self.tracker.append(entry)

    def _open(self, meeting: Meeting) -> str:
        session = Session(new_id(), meeting.id, SessionState.LIVE, self.clock.utc())
        self.sessions[meeting.id] = session.id
        self.append(session.id, meeting.id, SessionChanged(session))
        return session.id


def fail(name: str, error: BaseException) -> None:
    raise AssertionError(name) from error


@pytest.fixture
def provision() -> bool:
    return True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path, provision: bool) -> Settings:
    return Settings(
        dev=True,
        storage=StorageSettings(data=tmp_path),
        auth=AuthSettings(provision_users=provision),
    )


@pytest.fixture
def storage(settings: Settings) -> SqlStorage:
    prepare(settings.storage.data)
    return SqlStorage(settings.database_url)


@pytest.fixture
def issuer(tmp_path: Path, clock: FakeClock) -> LocalIssuer:
    return LocalIssuer.load_or_create(tmp_path / "auth" / "issuer.json", clock)


@pytest.fixture
async def world(
    settings: Settings, clock: FakeClock, storage: SqlStorage, issuer: LocalIssuer
) -> AsyncIterator[World]:
    tracker = Tracker(storage, clock, fail)
    await tracker.start()
    users = UsersService(storage, clock)
    signer = TokenSigner(b"0123456789abcdef0123456789abcdef", clock)
    meetings = MeetingsService(storage, tracker, users, signer, settings, clock, [MeetingIds()])
    keys = KeyRing(storage, clock, dev=True)
    provider = Provider(PROVIDER.issuer, ("ES256",), PROVIDER.jwks_url(), "app")
    trusted = build_trusted([provider], issuer, WebDocuments(), clock)
    yield World(
        settings,
        clock,
        storage,
        tracker,
        users,
        meetings,
        keys,
        signer,
        issuer,
        Authenticator(signer, keys, trusted, clock),
    )
    await tracker.stop()
    await storage.stop()


class Convex:
    """An HTTP client of the dialect."""

    def __init__(self, client: TestClient) -> None:
        self.http = client

    async def run(self, meeting_id: object, token: str | None = "rt_dev", **options: Any) -> Any:
        """`/api/run` of getActiveSessions; gives the parsed body of a 200."""
        response = await self.http.post(
            RUN, json={"args": {"meetingId": meeting_id}}, headers=bearer(token), **options
        )
        assert response.status == 200, await response.text()
        return await response.json()

    async def rows(self, meeting: Meeting, token: str | None = "rt_dev") -> Any:
        answer = await self.run(encode_id(Table.MEETINGS, meeting.id), token)
        assert answer["status"] == "success", answer
        return answer["value"]


RUN = "/api/run/meetings/webrtc/index/getActiveSessions"
PATH = "meetings/webrtc/index:getActiveSessions"


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def convex(world: World, aiohttp_client) -> Convex:
    application = web.Application()
    add_routes(application, world)  # type: ignore[arg-type]  # the part of App that it uses
    return Convex(await aiohttp_client(application))


class Member:
    """One user as a client of the whole dialect."""

    def __init__(self, http: TestClient, app: App, sub: str, name: str | None) -> None:
        self.http, self.app, self.sub = http, app, sub
        self.token = app.issuer.issue(sub, name)

    async def call(self, name: str, **arguments: Any) -> Any:
        """Any function; gives its value.

        Raises:
            RefusedError: It answered with an error.
        """
        path = f"/api/run/meetings/webrtc/index/{name}"
        body = {"args": arguments}
        response = await self.http.post(path, json=body, headers=bearer(self.token))
        answer = await response.json()
        assert response.status == 200, answer
        if answer["status"] == "error":
            raise RefusedError(answer["errorMessage"], answer.get("errorData"))
        return answer["value"]

    async def user_id(self) -> str:
        return encode_id(Table.USERS, (await self.app.users.ensure(self.sub)).id)

    @asynccontextmanager
    async def live(self, session: str = "session") -> AsyncIterator[SyncClient]:
        async with self.http.ws_connect("/api/1.48.0/sync") as socket:
            client = await SyncClient(socket).connect(session)
            await client.authenticate(self.token)
            await client.until(identity=1)
            yield client


@dataclass
class Whole:
    """The dialect over a whole process without media."""

    app: App
    http: TestClient
    engine: FakeEngine

    async def meeting(self, *subs: str, role: Role = Role.PARTICIPANT, **wish: Any) -> str:
        """A meeting with these registered; gives its Convex id."""
        meeting = await self.app.meetings.create(
            CreateMeeting(title="Standup", **wish), account="default", by=None
        )
        for sub in subs:
            ticket = TokenWish(name=sub.title(), role=role, user_id=sub)
            await self.app.meetings.issue_token(meeting.id, ticket)
        return encode_id(Table.MEETINGS, meeting.id)

    def member(self, sub: str, name: str | None = None) -> Member:
        return Member(self.http, self.app, sub, name)

    def connections(self) -> list[Connection]:
        return [live.record for one in self.app.live.sessions() for live in one.connections()]


@pytest.fixture
async def whole(settings: Settings, clock: FakeClock, aiohttp_client) -> AsyncIterator[Whole]:
    async with running(settings, clock) as (app, engine):
        application = web.Application()
        add_routes(application, app)
        client = await aiohttp_client(application)
        yield Whole(app, client, engine)
        await client.close()
