"""Live subscriptions of the real clients, over people who are really connected.

PyPI `convex` always; npm `convex` where Node and tests/dialects/node/node_modules are.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.rtc_client import MeetingClient
from support.server_process import COMMAND, ServerProcess

HERE = Path(__file__).parent
NODE = HERE / "node"
NODE_MISSING = shutil.which("node") is None or not (NODE / "node_modules").is_dir()
QUICK = {"rtc.keep_alive_seconds": 2}
needs_node = pytest.mark.skipif(NODE_MISSING, reason="Node or its packages are missing")
LANGUAGES = ["python", pytest.param("npm", marks=needs_node)]


class Program:
    """A client in a process of its own.

    Attributes:
        events: Everything that it told, oldest first.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []

    async def until(self, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next event as wished; within 25 s."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(25):
                while True:
                    line = await self.process.stdout.readline()
                    assert line, f"the client ended after {self.events}"
                    self.events.append(json.loads(line))
                    if accept(self.events[-1]):
                        return self.events[-1]
        except TimeoutError:
            raise AssertionError(f"events: {self.events}") from None

    async def names(self, *wanted: tuple[str, str]) -> list[dict[str, Any]]:
        """The rows, as soon as they are these people in these states."""

        def fits(event: dict[str, Any]) -> bool:
            rows = event.get("rows")
            if rows is None:
                return False
            return sorted((row["user"]["displayName"], row["state"]) for row in rows) == sorted(
                wanted
            )

        return (await self.until(fits))["rows"]

    async def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def call(self, kind: str, name: str, **arguments: object) -> dict[str, Any]:
        await self.say(json.dumps({kind: name, "args": arguments}))
        return await self.until(lambda event: "value" in event or "error" in event)


@asynccontextmanager
async def program(language: str, *words: str) -> AsyncIterator[Program]:
    start = {
        "python": (sys.executable, str(HERE / "live_python.py")),
        "npm": ("node", str(NODE / "live.mjs")),
        "react": ("node", str(NODE / "react.mjs")),
    }
    process = await asyncio.create_subprocess_exec(
        *start[language],
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield Program(process)
    finally:
        process.kill()
        await process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("convex-live") / "data", settings=QUICK)
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def meeting(server: ServerProcess) -> dict[str, Any]:
    status, body = server.request("POST", "/v1/meetings", {"title": "Standup"})
    assert status == 201
    wish = {"name": "Ada", "user_id": "ada"}
    assert server.request("POST", f"/v1/meetings/{body['id']}/tokens", wish)[0] == 201
    return body


async def user_token(server: ServerProcess, sub: str, ttl: int = 3600) -> str:
    words = ["token", "user", "--sub", sub, "--name", sub.title(), "--ttl", str(ttl)]
    process = await asyncio.create_subprocess_exec(
        str(COMMAND), *words, "--data", str(server.data), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode().strip()


@pytest.mark.timeout(150)
async def test_rows_follow_people_through_a_restart(server, meeting):
    """Both clients at once: a restart costs the suite seconds."""
    languages = ["python"] if NODE_MISSING else ["python", "npm"]
    base, meeting_id = server.base_url, meeting["id"]
    async with asyncio.TaskGroup() as group:
        ready, restarted = asyncio.Barrier(len(languages) + 1), asyncio.Event()

        async def follow(language: str) -> None:
            async with program(language, base, meeting["convex_id"], "rt_dev") as client:
                await client.names()
                await ready.wait()
                await client.names(("Ada", "connecting"))
                [row] = await client.names(("Ada", "connected"))
                assert row["meetingId"] == meeting["convex_id"]
                await ready.wait()
                await restarted.wait()
                await client.names(("Bob", "connected"))

        followers = [group.create_task(follow(language)) for language in languages]
        await ready.wait()
        async with MeetingClient.join(base, meeting_id, name="Ada", tone=440):
            await ready.wait()
        assert await asyncio.to_thread(server.stop) == 0
        await asyncio.to_thread(server.start)
        restarted.set()
        async with MeetingClient.join(base, meeting_id, name="Bob", tone=440):
            await asyncio.gather(*followers)


@needs_node
@pytest.mark.long
async def test_a_token_that_runs_out_is_fetched_anew(server, meeting):
    short, long = await user_token(server, "ada", 12), await user_token(server, "ada")
    words = [server.base_url, meeting["convex_id"], short, "11", long]
    async with program("npm", *words) as client:
        await client.names()
        await client.until(lambda event: "lapsed" in event)  # by the token's own end
        async with MeetingClient.join(server.base_url, meeting["id"], name="Bob", tone=440):
            await client.names(("Bob", "connected"))
        assert {"auth": True} in client.events
        assert {"auth": False} not in client.events


@needs_node
@pytest.mark.long
async def test_a_token_that_runs_out_for_good_logs_out(server, meeting):
    token = await user_token(server, "ada", 12)
    async with program("npm", server.base_url, meeting["convex_id"], token) as client:
        await client.names()
        await client.until(lambda event: "lapsed" in event)
        async with MeetingClient.join(server.base_url, meeting["id"], name="Bob", tone=440):
            await client.until(lambda event: event.get("auth") is False)
            told = await client.until(lambda event: "error" in event)
        assert told["data"]["code"] == "UNAUTHORIZED"


@needs_node
async def test_react_hooks_render_rows_and_pages_as_they_change(server, meeting):
    token = await user_token(server, "ada")
    async with program("react", server.base_url, meeting["convex_id"], token) as app:
        await app.names()
        await app.until(lambda event: event.get("status") == "Exhausted")
        async with MeetingClient.join(server.base_url, meeting["id"], name="Bob", tone=440):
            await app.names(("Bob", "connected"))
            assert app.events[-1]["skipped"] is True
            await app.say("text")
            assert (await app.until(lambda event: "text" in event))["text"] == "Bob"
            await app.say("tab")
            await app.names(("Ada", "connecting"), ("Bob", "connected"))
            await app.until(lambda event: event.get("status") == "CanLoadMore")
            assert len(app.events[-1]["page"]) == 1
            await app.say("more")
            await app.until(lambda event: event.get("status") == "Exhausted")
            assert "tab" in app.events[-1]["page"]
            assert len(app.events[-1]["page"]) == 2


@pytest.mark.parametrize("language", LANGUAGES)
async def test_mutations_and_actions(language: str, server, meeting):
    token = await user_token(server, "ada")
    words = [server.base_url, meeting["convex_id"], token]
    async with program(language, *words, "--calls") as client:
        session = {"meetingId": meeting["convex_id"], "sessionId": "tab"}
        made = await client.call("mutation", "createWebRTCSession", **session)
        assert made["value"] == {"sessionId": "tab", "success": True}
        room = await client.call("action", "initializeWebRTCRoom", meetingId=meeting["id"])
        assert room["value"]["roomId"] == meeting["id"]
        state = await client.call(
            "mutation", "updateSessionState", **session, state="connected", metadata={"a": True}
        )
        assert state["value"] is None
        rows = await client.call("query", "getActiveSessions", meetingId=meeting["id"])
        [row] = [row for row in rows["value"] if row["sessionId"] == "tab"]
        assert (row["sessionId"], row["metadata"]) == ("tab", {"a": True})
        refused = await client.call(
            "mutation", "closeSession", meetingId=meeting["convex_id"], sessionId=""
        )
        assert refused["data"]["code"] == "VALIDATION_ERROR"


@needs_node
async def test_two_users_connect_to_each_other_through_signals(server, meeting):
    """No media passes the server: what the clients say of themselves is what everybody sees."""
    wish = {"name": "Bob", "user_id": "bob"}
    await asyncio.to_thread(server.request, "POST", f"/v1/meetings/{meeting['id']}/tokens", wish)
    words = [server.base_url, meeting["convex_id"]]
    ada_token, bob_token = await user_token(server, "ada"), await user_token(server, "bob")
    session = {"meetingId": meeting["convex_id"]}
    async with (
        program("npm", *words, ada_token) as ada,
        program("python", *words, bob_token, "--calls") as bob,
    ):
        for client, name in ((ada, "ada-tab"), (bob, "bob-tab")):
            await client.call("mutation", "createWebRTCSession", **session, sessionId=name)
        rows = await ada.names(("Ada", "connecting"), ("Bob", "connecting"))
        ids = {row["user"]["displayName"]: row["userId"] for row in rows}
        for client, name, other, kind in (
            (ada, "ada-tab", "Bob", "offer"),
            (bob, "bob-tab", "Ada", "answer"),
        ):
            sent = await client.call(
                "mutation",
                "exchangeSessionDescription",
                **session,
                sessionId=name,
                targetUserId=ids[other],
                description={"type": kind, "sdp": f"the {kind}"},
            )
            assert sent["value"] is None
        for client, sender, kind in ((bob, "Ada", "offer"), (ada, "Bob", "answer")):
            [signal] = (await client.call("query", "getPendingSignals", **session))["value"]
            assert (signal["fromUserId"], signal["type"]) == (ids[sender], "sdp")
            assert signal["data"] == {"type": kind, "sdp": f"the {kind}"}
            done = await client.call("mutation", "markSignalsProcessed", signalIds=[signal["_id"]])
            assert done["value"] is None
            left = await client.call("query", "getPendingSignals", **session)
            assert left["value"] == []
        for client, name in ((ada, "ada-tab"), (bob, "bob-tab")):
            await client.call(
                "mutation", "updateSessionState", **session, sessionId=name, state="connected"
            )
        await ada.names(("Ada", "connected"), ("Bob", "connected"))
