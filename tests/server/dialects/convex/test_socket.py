"""One socket by itself: pings, silence, and a client that does not read."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs
from support.clock import FakeClock

from server.dialects.convex import socket as sockets
from server.dialects.convex.deployment import Deployment
from server.dialects.convex.socket import PING_SECONDS, SILENT_SECONDS, SyncSocket
from server.services.throttle import Throttle


class MemorySocket:
    """What the other side of an aiohttp WebSocket would see."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.pings = 0
        self.code: int | None = None
        self.stuck = False

    async def send_str(self, text: str) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        self.sent.append(text)

    async def ping(self) -> None:
        self.pings += 1

    async def close(self, *, code: int, message: bytes) -> bool:
        self.code = code
        return True


@pytest.fixture
def memory() -> MemorySocket:
    return MemorySocket()


@pytest.fixture
def one(world, clock: FakeClock, memory) -> SyncSocket:
    refusals = Throttle(clock, burst=1, per_second=1)
    return SyncSocket(Deployment(world), memory, "192.0.2.1", refusals)


async def greeted(one: SyncSocket) -> None:
    await one._take('{"type":"Connect","sessionId":"x"}')


async def test_a_quiet_client_gets_ping_frames_and_now_and_then_a_message(one, clock, memory):
    await greeted(one)
    await one._beat()
    assert (memory.pings, memory.sent) == (1, [])
    clock.advance(PING_SECONDS)
    await one._beat()
    assert memory.sent == ['{"type":"Ping"}']
    await one._beat()
    assert (memory.pings, len(memory.sent)) == (2, 1)


async def test_a_message_comes_within_fifteen_seconds():
    assert PING_SECONDS - sockets.BEAT_SECONDS + sockets.BEAT_SECONDS < 15


async def test_one_that_says_nothing_for_long_is_dropped(one, clock, memory):
    await greeted(one)
    clock.advance(SILENT_SECONDS + 1)
    with pytest.raises(sockets._Over):
        await one._beat()
    assert memory.code == 1001


async def test_one_that_never_says_connect_is_dropped(one, clock, memory):
    clock.advance(sockets.GREETING_SECONDS + 1)
    with pytest.raises(sockets._Over):
        await one._beat()
    assert memory.code == 1001


async def test_one_that_does_not_read_is_dropped(one, memory, monkeypatch):
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.01)
    memory.stuck = True
    with pytest.raises(sockets._Over):
        await one._send("{}")
    assert memory.code == 1001


async def test_a_burst_of_changes_becomes_one_transition(one, world, memory):
    await greeted(one)
    await one._take(
        json.dumps(
            {
                "type": "ModifyQuerySet",
                "baseVersion": 0,
                "newVersion": 1,
                "modifications": [
                    {"type": "Add", "queryId": 0, "udfPath": "a:b", "args": [{}]},
                    {"type": "Add", "queryId": 1, "udfPath": "a:c", "args": [{}]},
                ],
            }
        )
    )
    await one._update()
    await one._update()
    [only] = [json.loads(text) for text in memory.sent]
    assert [change["queryId"] for change in only["modifications"]] == [0, 1]


async def test_many_bad_credentials_are_slowed_down(one, memory, monkeypatch):
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(sockets.asyncio, "sleep", wait)
    await greeted(one)
    bad = '{"type":"Authenticate","baseVersion":0,"tokenType":"User","value":"x"}'
    for _ in range(2):
        with pytest.raises(sockets._Over):
            await one._take(bad)
    assert waits == [sockets.TARPIT_SECONDS]
    assert "AuthError" in memory.sent[0]


async def test_a_fault_in_an_update_sends_the_client_away_to_come_back(one, memory, monkeypatch):
    async def broken() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(one, "_update", broken)
    one._wake.set()
    with capture_logs() as logs:
        await one._update_forever()
    assert memory.code == 1011
    assert [entry["task"] for entry in logs] == ["sync updates"]
