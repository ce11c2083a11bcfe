"""The Convex dialect against its real clients, over people who are really connected.

PyPI `convex` always; npm `convex` where Node and tests/dialects/node/node_modules are.
"""

import asyncio
import io
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from convex import ConvexError
from convex.http_client import ConvexExecutionError, ConvexHttpClient
from support.rtc_client import MeetingClient, WhipClient
from support.server_process import COMMAND, ServerProcess

QUERY = "meetings/webrtc/index:getActiveSessions"
NODE = Path(__file__).with_name("node")
QUICK = {
    "rtc.disconnected_seconds": 1,
    "rtc.disconnected_idle_seconds": 1,
    "rtc.failed_seconds": 6,  # long enough for a client that starts anew for each look
    "rtc.keep_alive_seconds": 2,
}
ROW = {
    "_creationTime": float,
    "_id": str,
    "createdAt": float,
    "meetingId": str,
    "sessionId": str,
    "state": str,
    "updatedAt": float,
    "user": dict,
    "userId": str,
}
OPTIONAL = {"connectionQuality": str, "lastMetricsAt": float, "metadata": dict}
LABELS = {"excellent", "good", "fair", "poor"}

Ask = Callable[..., Awaitable[Any]]


class RefusedError(Exception):
    """A client raised; the text is its own, `data` what it found in a ConvexError."""

    def __init__(self, text: str, data: Any = None) -> None:
        super().__init__(text)
        self.data = data


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("convex") / "data", settings=QUICK)
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def meeting(server: ServerProcess) -> dict[str, Any]:
    status, body = server.request("POST", "/v1/meetings", {"title": "Standup"})
    assert status == 201
    return body


def python_client(server: ServerProcess) -> Ask:
    async def ask(meeting_id: str | None, token: str | None = "rt_dev") -> Any:
        client = ConvexHttpClient(server.base_url)
        if token is not None:
            client.set_auth(token)
        args = {} if meeting_id is None else {"meetingId": meeting_id}
        try:
            return await asyncio.to_thread(client.query, QUERY, args)
        except ConvexError as error:
            raise RefusedError(str(error), error.data) from error
        except ConvexExecutionError as error:
            raise RefusedError(str(error)) from error
        except Exception as error:
            raise RefusedError(str(error)) from error

    return ask


def npm_client(server: ServerProcess) -> Ask:
    async def ask(meeting_id: str | None, token: str | None = "rt_dev") -> Any:
        words = ["query.mjs", server.base_url, "query", meeting_id or "-", token or ""]
        program = await asyncio.create_subprocess_exec(
            "node", *words, cwd=NODE, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await program.communicate()
        answer = json.loads(output)
        if "error" in answer:
            raise RefusedError(answer["error"], answer.get("data"))
        return answer["value"]

    return ask


@pytest.fixture(params=["python", "npm"])
def ask(request: pytest.FixtureRequest, server: ServerProcess) -> Ask:
    if request.param == "python":
        return python_client(server)
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        pytest.skip("Node or tests/dialects/node/node_modules is missing (make setup-dev)")
    return npm_client(server)


async def eventually(ask: Ask, meeting_id: str, accept: Callable[[Any], bool]) -> Any:
    """The rows, as soon as they are as wished; within 15 s."""
    rows: Any = None
    try:
        async with asyncio.timeout(15):
            while True:
                rows = await ask(meeting_id)
                if accept(rows):
                    return rows
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"rows stayed {rows}") from None


def states(rows: Any) -> list[tuple[str, str]]:
    return [(row["user"]["displayName"], row["state"]) for row in rows]


def ids(rows: Any) -> list[str]:
    return [row["_id"] for row in rows]


def check_row(row: dict[str, Any], *, whole_numbers: bool) -> None:
    """Exactly the documented fields with their types; a JavaScript client shows whole numbers."""
    known = ROW | {name: kind for name, kind in OPTIONAL.items() if name in row}
    assert set(row) == set(known)
    for name, kind in known.items():
        allowed = (int, float) if whole_numbers and kind is float else kind
        assert isinstance(row[name], allowed), name
    assert re.fullmatch(r"j97[0-9a-z]{29}", row["_id"])
    assert re.fullmatch(r"j57[0-9a-z]{29}", row["meetingId"])
    assert re.fullmatch(r"jd7[0-9a-z]{29}", row["userId"])
    assert row["user"]["_id"] == row["userId"]
    assert row["createdAt"] == int(row["createdAt"])
    assert abs(row["createdAt"] - row["_creationTime"]) < 1000


class TestRows:
    async def test_an_empty_meeting(self, ask: Ask, meeting):
        assert await ask(meeting["convex_id"]) == []

    async def test_people_in_every_state(self, ask: Ask, server, meeting, request):
        base, meeting_id = server.base_url, meeting["id"]
        connecting = MeetingClient.join(base, meeting_id, name="Connie", connect=False)
        ada = MeetingClient.join(base, meeting_id, name="Ada", tone=440)
        bob = MeetingClient.join(base, meeting_id, name="Bob", tone=880)
        async with ada, bob, connecting:
            rows = await eventually(
                ask,
                meeting["convex_id"],
                lambda rows: (
                    states(rows)
                    == [("Connie", "connecting"), ("Ada", "connected"), ("Bob", "connected")]
                ),
            )
            for row in rows:
                check_row(row, whole_numbers=request.node.callspec.params["ask"] == "npm")
            assert ids(await ask(meeting_id)) == ids(rows)
            bob.cut_network()
            await eventually(
                ask, meeting_id, lambda rows: states(rows)[-1] == ("Bob", "disconnected")
            )
            await eventually(ask, meeting_id, lambda rows: "Bob" not in dict(states(rows)))
            _, session = await asyncio.to_thread(
                server.request, "GET", f"/v1/meetings/{meeting_id}/session"
            )
            ended = [
                connection
                for participant in session["participants"]
                for connection in participant["connections"]
                if participant["name"] == "Bob"
            ]
            assert [connection["state"] for connection in ended] == ["failed"]
        await eventually(ask, meeting_id, lambda rows: rows == [])

    async def test_quality_becomes_known(self, ask: Ask, server, meeting):
        async with MeetingClient.join(server.base_url, meeting["id"], tone=440):
            [row] = await eventually(
                ask, meeting["id"], lambda rows: all("connectionQuality" in row for row in rows)
            )
            assert row["connectionQuality"] in LABELS
            assert row["lastMetricsAt"] == int(row["lastMetricsAt"])

    async def test_publishers_and_listeners_by_plain_http_are_listed(
        self, ask: Ask, server, meeting
    ):
        camera = WhipClient.publish(server.base_url, meeting["id"], name="Cam")
        speaker = WhipClient.listen(server.base_url, meeting["id"], name="Speaker")
        async with camera, speaker:
            rows = await eventually(ask, meeting["id"], lambda rows: len(rows) == 2)
            assert {row["user"]["displayName"] for row in rows} == {"Cam", "Speaker"}


class TestIdentity:
    async def user_token(self, server: ServerProcess, sub: str) -> str:
        """As an operator makes one beside the running server: the only line on stdout."""
        words = ["token", "user", "--sub", sub, "--name", "Ada", "--data", str(server.data)]
        program = await asyncio.create_subprocess_exec(
            str(COMMAND), *words, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await program.communicate()
        assert program.returncode == 0
        [line] = output.decode().splitlines()
        return line

    async def test_nobody(self, ask: Ask, meeting):
        with pytest.raises(RefusedError) as refused:
            await ask(meeting["convex_id"], None)
        assert refused.value.data == {
            "code": "UNAUTHORIZED",
            "message": "Authentication required",
            "statusCode": 401,
        }

    async def test_a_user_before_and_after_registration(self, ask: Ask, server, meeting):
        token = await self.user_token(server, "user_01")
        with pytest.raises(RefusedError) as refused:
            await ask(meeting["convex_id"], token)
        assert refused.value.data["code"] == "FORBIDDEN"
        assert refused.value.data["metadata"]["meetingId"] == meeting["convex_id"]
        wish = {"name": "Ada", "user_id": "user_01"}
        status, _ = await asyncio.to_thread(
            server.request, "POST", f"/v1/meetings/{meeting['id']}/tokens", wish
        )
        assert status == 201
        assert await ask(meeting["convex_id"], token) == []

    async def test_a_row_of_a_user(self, ask: Ask, server, meeting):
        wish = {"name": "Ada L.", "user_id": "user_02"}
        _, issued = await asyncio.to_thread(
            server.request, "POST", f"/v1/meetings/{meeting['id']}/tokens", wish
        )
        join = MeetingClient.join(server.base_url, meeting["id"], token=issued["token"], name=None)
        async with join:
            token = await self.user_token(server, "user_02")
            [row] = await ask(meeting["convex_id"], token)
            assert row["user"]["displayName"] == "Ada L."
            assert ids(await ask(meeting["convex_id"], issued["token"])) == [row["_id"]]

    async def test_a_join_token_elsewhere(self, ask: Ask, server, meeting):
        _, issued = await asyncio.to_thread(
            server.request, "POST", f"/v1/meetings/{meeting['id']}/tokens", {"name": "Ada"}
        )
        _, other = await asyncio.to_thread(server.request, "POST", "/v1/meetings", {})
        assert await ask(meeting["convex_id"], issued["token"]) == []
        with pytest.raises(RefusedError) as refused:
            await ask(other["convex_id"], issued["token"])
        assert refused.value.data["code"] == "FORBIDDEN"

    async def test_no_token_at_all(self, ask: Ask, meeting):
        with pytest.raises(RefusedError, match="Could not parse JWT payload"):
            await ask(meeting["convex_id"], "hello")


async def test_missing_arguments(ask: Ask):
    with pytest.raises(RefusedError, match="missing the required field `meetingId`") as refused:
        await ask(None)
    assert refused.value.data is None


class TestThroughTheWholeServer:
    """What the layers around the dialect must leave alone."""

    RUN = "/api/run/meetings/webrtc/index/getActiveSessions"
    ORIGIN = "https://app.example.org"

    @pytest.fixture
    async def http(self, server: ServerProcess) -> AsyncIterator[aiohttp.ClientSession]:
        async with aiohttp.ClientSession(server.base_url) as session:
            yield session

    async def test_a_page_of_another_origin(self, http: aiohttp.ClientSession, meeting):
        wanted = "authorization,content-type,convex-client"
        asked = {
            "Origin": self.ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
        }
        preflight = await http.options("/api/query", headers=asked)
        assert preflight.status == 200
        assert preflight.headers["Access-Control-Allow-Headers"] == wanted
        for token, status in (("rt_dev", 200), ("hello", 401)):
            headers = {"Origin": self.ORIGIN, "Authorization": f"Bearer {token}"}
            body = {"args": {"meetingId": meeting["id"]}}
            response = await http.post(self.RUN, json=body, headers=headers)
            assert response.status == status
            assert response.headers["Access-Control-Allow-Origin"] == self.ORIGIN

    @pytest.mark.parametrize(("size", "status"), [(5 << 20, 200), (17 << 20, 400)])
    async def test_the_dialects_own_body_limit(self, http, size: int, status: int):
        body = b'{"args":{"meetingId":"' + b"x" * size + b'"}}'
        headers = {"Authorization": "Bearer rt_dev", "Content-Type": "application/json"}
        response = await http.post(self.RUN, data=io.BytesIO(body), headers=headers)
        assert response.status == status
        answer = await response.json()
        if status == 400:
            assert answer == {
                "code": "BadJsonBody",
                "message": "Failed to buffer the request body: length limit exceeded",
            }
        else:
            assert "Value does not match validator" in answer["errorMessage"]

    async def test_a_wrong_method(self, http: aiohttp.ClientSession):
        response = await http.get(self.RUN)
        assert (response.status, await response.read()) == (405, b"")
