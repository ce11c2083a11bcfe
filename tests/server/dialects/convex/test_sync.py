"""The sync endpoint over real sockets: protocol, identities, mutations, and abuse."""

import asyncio
import json

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from support.convex_sync import QUERY, SyncClient, number

from server.dialects.convex import socket as sockets
from server.dialects.convex import sync
from server.dialects.convex.timestamps import encode_ts, wall_ns
from server.services.views import TokenWish

PENDING = "meetings/webrtc/index:getPendingSignals"
CREATE = "meetings/webrtc/index:createWebRTCSession"


@pytest.fixture
async def meeting(whole) -> str:
    return await whole.meeting("ada", "bob")


@pytest.fixture
def ada(whole):
    return whole.member("ada")


async def mutate(client: SyncClient, number: int, path: str, args: object) -> dict:
    await client.send(type="Mutation", requestId=number, udfPath=path, args=[args])
    while (frame := await client.frame())["type"] != "MutationResponse":
        pass
    return frame


class TestQueries:
    async def test_the_exchange_of_the_contract(self, whole, ada, meeting):
        async with whole.http.ws_connect("/api/1.48.0/sync") as socket:
            client = await SyncClient(socket).connect(clientTs=1795167110192)
            await client.authenticate(ada.token)
            first = await client.transition()
            assert first["modifications"] == []
            assert first["endVersion"]["identity"] == 1
            assert isinstance(first["clientClockSkew"], int)
            assert isinstance(first["serverTs"], int)
            await client.add(0, {"meetingId": meeting})
            second = await client.transition()
            assert second["modifications"] == [
                {
                    "type": "QueryUpdated",
                    "queryId": 0,
                    "value": [],
                    "logLines": [],
                    "journal": None,
                }
            ]

    async def test_a_change_is_pushed_and_a_removed_query_is_silent(self, ada, meeting):
        async with ada.live() as client:
            await client.add(0, {"meetingId": meeting})
            await client.until(query_set=1)
            await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
            await client.transition()
            assert [row["sessionId"] for row in client.value(0)] == ["tab"]
            await client.remove(0)
            removed = await client.transition()
            assert removed["modifications"] == [{"type": "QueryRemoved", "queryId": 0}]
            await ada.call("closeSession", meetingId=meeting, sessionId="tab")
            await client.add(1, {"meetingId": meeting})
            only = await client.transition()
            assert [change["queryId"] for change in only["modifications"]] == [1]

    async def test_http_and_live_answers_are_the_same(self, whole, ada, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        calls = [
            (QUERY, {"meetingId": meeting}),
            (QUERY, {}),
            (QUERY, {"meetingId": "abc"}),
            (PENDING, {"meetingId": meeting}),
            ("meetings/webrtc/index:nope", {}),
            ("meetings/webrtc/index.js:getActiveSessions", {"meetingId": meeting}),
            (CREATE, {"meetingId": meeting, "sessionId": "tab"}),
            (QUERY + "Paginated", {"meetingId": meeting, "paginationOpts": {"numItems": 1}}),
        ]
        async with ada.live() as client:
            for query_id, (path, args) in enumerate(calls):
                await client.add(query_id, args, path)
            await client.until(query_set=len(calls))
            for query_id, (path, args) in enumerate(calls):
                response = await whole.http.post(
                    "/api/query",
                    json={"path": path, "args": args, "format": "convex_encoded_json"},
                    headers={"Authorization": f"Bearer {ada.token}"},
                )
                told = await response.json()
                live = client.results[query_id]
                if told["status"] == "success":
                    assert live["value"] == told["value"]
                else:
                    assert live["type"] == "QueryFailed"
                    assert _text(live["errorMessage"]) == _text(told["errorMessage"])
                    assert live.get("errorData") == told.get("errorData")

    async def test_only_what_read_the_change_runs_again(self, whole, ada, meeting, monkeypatch):
        other = await whole.meeting("ada")
        ran: list[str] = []
        call = sockets.call_function

        async def counted(context, name, kind, arguments):
            ran.append(arguments[0]["meetingId"])
            return await call(context, name, kind, arguments)

        async with ada.live() as client:
            await client.add(0, {"meetingId": meeting})
            await client.add(1, {"meetingId": other})
            await client.until(query_set=2)
            monkeypatch.setattr(sockets, "call_function", counted)
            await ada.call("createWebRTCSession", meetingId=other, sessionId="tab")
            await client.transition()
            assert set(ran) == {other}

    async def test_registration_lets_a_waiting_query_in(self, whole, meeting):
        eve = whole.member("eve")
        async with eve.live() as client:
            await client.add(0, {"meetingId": meeting})
            await client.until(query_set=1)
            assert client.results[0]["errorData"]["code"] == "FORBIDDEN"
            await whole.app.meetings.issue_token(meeting, TokenWish(name="Eve", user_id="eve"))
            await client.transition()
            assert client.value(0) == []

    async def test_a_base_version_that_is_wrong_is_fatal(self, ada):
        async with ada.live() as client:
            await client.send(type="ModifyQuerySet", baseVersion=5, newVersion=6, modifications=[])
            assert await client.frame() == {
                "type": "FatalError",
                "error": "Base version 5 passed up doesn't match the current version 0",
            }

    async def test_timestamps_go_on_from_what_the_client_saw(self, whole, ada, meeting):
        ahead = sync_ts(whole.app, seconds=3600)
        async with whole.http.ws_connect("/api/sync") as socket:
            client = await SyncClient(socket).connect(maxObservedTimestamp=ahead)
            await client.authenticate(ada.token)
            first = await client.transition()
            assert number(first["endVersion"]["ts"]) >= number(ahead)


def sync_ts(app, seconds: float) -> str:
    return encode_ts(wall_ns(app.clock) + int(seconds * 1e9))


def _text(message: str) -> str:
    return message.partition("] ")[2]


class TestIdentity:
    async def test_nobody_is_told_so_and_a_token_mends_it(self, whole, ada, meeting):
        async with whole.http.ws_connect("/api/sync") as socket:
            client = await SyncClient(socket).connect()
            await client.add(0, {"meetingId": meeting})
            await client.until(query_set=1)
            assert client.results[0]["errorData"]["code"] == "UNAUTHORIZED"
            await client.authenticate(ada.token)
            await client.until(identity=1)
            assert client.value(0) == []
            await client.authenticate(None)
            await client.until(identity=2)
            assert client.results[0]["errorData"]["code"] == "UNAUTHORIZED"

    async def test_a_refreshed_token_runs_nothing_again(self, whole, ada, meeting):
        async with ada.live() as client:
            await client.add(0, {"meetingId": meeting})
            await client.until(query_set=1)
            whole.app.clock.advance(5)
            await client.authenticate(whole.app.issuer.issue("ada"))
            again = await client.transition()
            assert again["modifications"] == []
            assert again["endVersion"]["identity"] == 2

    async def test_a_bad_token(self, whole):
        async with whole.http.ws_connect("/api/sync") as socket:
            client = await SyncClient(socket).connect()
            await client.authenticate("hello")
            frame = await client.frame()
            assert frame["error"].startswith("Could not parse JWT payload")
            del frame["error"]
            assert frame == {"type": "AuthError", "baseVersion": 0, "authUpdateAttempted": True}
            await client.closed()
            assert socket.closed

    async def test_admin_keys_do_not_exist(self, whole):
        async with whole.http.ws_connect("/api/sync") as socket:
            client = await SyncClient(socket).connect()
            await client.send(type="Authenticate", baseVersion=0, tokenType="Admin", value="k")
            assert (await client.frame())["error"] == "Invalid admin key"

    async def test_a_token_that_runs_out(self, whole, ada, meeting):
        async with ada.live() as client:
            await client.add(0, {"meetingId": meeting})
            await client.until(query_set=1)
            whole.app.clock.advance(3600)
            bob = whole.member("bob")
            await bob.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
            assert await client.frame() == {
                "type": "AuthError",
                "error": "Convex token identity expired",
                "baseVersion": 1,
                "authUpdateAttempted": False,
            }

    async def test_an_api_key_that_was_revoked(self, whole, meeting):
        text, key = await whole.app.keys.create("app")
        async with whole.http.ws_connect("/api/sync") as socket:
            client = await SyncClient(socket).connect()
            await client.authenticate(text)
            await client.add(0, {"meetingId": meeting})
            await client.until(query_set=1)
            await whole.app.keys.revoke(key.id)
            whole.app.clock.advance(60)
            ada = whole.member("ada")
            await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
            assert (await client.frame())["type"] == "AuthError"

    async def test_a_base_version_of_an_identity_that_is_wrong(self, ada):
        async with ada.live() as client:
            await client.send(type="Authenticate", baseVersion=7, tokenType="User", value=ada.token)
            assert (await client.frame())["type"] == "FatalError"


class TestMutations:
    async def test_the_response_comes_before_the_transition_that_holds_it(self, ada, meeting):
        async with ada.live() as client:
            await client.add(0, {"meetingId": meeting})
            await client.until(query_set=1)
            args = {"meetingId": meeting, "sessionId": "tab"}
            done = await mutate(client, 0, CREATE, args)
            assert done["success"] is True
            assert done["result"] == {"sessionId": "tab", "success": True}
            transition = await client.transition()
            assert number(transition["endVersion"]["ts"]) >= number(done["ts"])
            while not client.value(0):
                await client.transition()

    async def test_one_that_changes_nothing_still_gets_its_transition(self, ada, meeting):
        async with ada.live() as client:
            path = "meetings/webrtc/index:closeSession"
            done = await mutate(client, 0, path, {"meetingId": meeting, "sessionId": "none"})
            transition = await client.transition()
            assert transition["modifications"] == []
            assert number(transition["endVersion"]["ts"]) >= number(done["ts"])

    async def test_sent_again_after_a_reconnect_it_is_done_once(self, whole, ada, meeting):
        bob = whole.member("bob")
        path = "meetings/webrtc/index:exchangeICECandidate"
        args = {
            "meetingId": meeting,
            "sessionId": "tab",
            "candidate": {"candidate": "c"},
            "targetUserId": await bob.user_id(),
        }
        for _ in range(2):
            async with ada.live("the same session") as client:
                assert (await mutate(client, 0, path, args))["success"]
        assert len(await bob.call("getPendingSignals", meetingId=meeting)) == 1
        async with ada.live("another session") as client:
            assert (await mutate(client, 0, path, args))["success"]
        assert len(await bob.call("getPendingSignals", meetingId=meeting)) == 2

    async def test_it_is_done_though_its_socket_goes(self, whole, ada, meeting, monkeypatch):
        asked, go = asyncio.Event(), asyncio.Event()
        answer = whole.engine.answer

        async def slow(*arguments: object):
            asked.set()
            await go.wait()
            return await answer(*arguments)

        monkeypatch.setattr(whole.engine, "answer", slow)
        path = "meetings/webrtc/index:exchangeSessionDescription"
        args = {
            "meetingId": meeting,
            "sessionId": "tab",
            "description": {"type": "offer", "sdp": "v=0"},
        }
        async with ada.live("one") as client:
            await client.send(type="Mutation", requestId=0, udfPath=path, args=[args])
            await asked.wait()
        go.set()
        async with ada.live("one") as client:
            assert (await mutate(client, 0, path, args))["success"]
        assert len(await ada.call("getPendingSignals", meetingId=meeting)) == 1

    async def test_failures_are_told_at_once(self, ada, meeting):
        async with ada.live() as client:
            unknown = await mutate(client, 0, "meetings/webrtc/index:nope", {})
            assert unknown["ts"] is None
            assert unknown["result"].endswith(
                "Server Error\nCould not find public function for 'meetings/webrtc/index:nope'.\n"
            )
            wrong = await mutate(client, 1, QUERY, {"meetingId": meeting})
            assert "as Mutation, but it is defined as Query." in wrong["result"]
            illegal = await mutate(client, 2, "a:b-c", {})
            assert "is not a valid path to a Convex function" in illegal["result"]

    @pytest.mark.parametrize(("path", "waits"), [("/api/sync", True), ("/api/1.48.0/sync", False)])
    async def test_a_refusal_does_not_leave_rust_clients_waiting(
        self, whole, ada, meeting, path, waits
    ):
        """They take a ConvexError for a success, which counts from its Transition on."""
        async with whole.http.ws_connect(path) as socket:
            client = await SyncClient(socket).connect()
            await client.authenticate(ada.token)
            await client.until(identity=1)
            args = {"meetingId": meeting, "sessionId": ""}
            refused = await mutate(client, 0, CREATE, args)
            assert refused["errorData"]["code"] == "VALIDATION_ERROR"
            assert (refused["ts"] is not None) is waits
            if waits:
                transition = await client.transition()
                assert number(transition["endVersion"]["ts"]) >= number(refused["ts"])

    async def test_actions(self, ada, meeting):
        async with ada.live() as client:
            path = "meetings/webrtc/rooms:initializeWebRTCRoom"
            await client.send(
                type="Action", requestId=4, udfPath=path, args=[{"meetingId": meeting}]
            )
            frame = await client.frame()
            assert (frame["type"], frame["requestId"]) == ("ActionResponse", 4)
            assert frame["result"]["provider"] == "webrtc"
            await client.send(type="Action", requestId=5, udfPath=path, args=[{}])
            assert (await client.frame())["success"] is False

    async def test_a_fault_of_ours_is_told_without_words(self, ada, meeting, monkeypatch):
        async def broken(*_: object) -> None:
            raise RuntimeError("secret")

        monkeypatch.setattr(sockets, "call_function", broken)
        with capture_logs() as logs:
            async with ada.live() as client:
                await client.add(0, {"meetingId": meeting})
                await client.until(query_set=1)
                assert "secret" not in json.dumps(client.results[0])
                done = await mutate(client, 0, CREATE, {})
                assert "secret" not in done["result"]
        assert [entry["task"] for entry in logs] == ["sync query", "sync call"]


class TestAbuse:
    async def frames(self, whole, *texts: str) -> list:
        async with whole.http.ws_connect("/api/sync") as socket:
            for text in texts:
                await socket.send_str(text)
            return [message.data async for message in socket]

    @pytest.mark.parametrize(
        "text", ["", "nonsense", "[1]", '{"type":"Mutation","requestId":0}', '{"type":"Ping"}']
    )
    async def test_what_is_no_frame_ends_the_socket_with_words(self, whole, text):
        [only] = await self.frames(whole, text)
        assert json.loads(only)["type"] == "FatalError"

    async def test_connect_comes_first_and_once(self, whole):
        query = '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[]}'
        [only] = await self.frames(whole, query)
        assert "Connect comes first" in only
        connect = '{"type":"Connect","sessionId":"x"}'
        [only] = await self.frames(whole, connect, connect)
        assert "Connect comes once" in only

    async def test_a_binary_frame(self, whole):
        async with whole.http.ws_connect("/api/sync") as socket:
            await socket.send_bytes(b"{}")
            assert json.loads((await socket.receive()).data)["type"] == "FatalError"

    async def test_a_ping_is_answered(self, whole):
        async with whole.http.ws_connect("/api/sync", autoping=False) as socket:
            await socket.ping(b"x")
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"x")

    async def test_too_many_sockets(self, whole, monkeypatch):
        monkeypatch.setattr(sync, "MAX_SOCKETS", 0)
        async with whole.http.ws_connect("/api/sync") as socket:
            await socket.receive()
            assert socket.close_code == 1013

    async def test_plain_http_gets_words(self, whole):
        response = await whole.http.get("/api/sync")
        assert response.status == 400
        assert (await response.json())["code"] == "BadRequest"

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        frames=st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.sampled_from(
                        ["Connect", "Authenticate", "ModifyQuerySet", "Mutation", "Action", "X"]
                    )
                },
                optional={
                    "sessionId": st.text(max_size=4),
                    "baseVersion": st.integers(-1, 3),
                    "newVersion": st.integers(-1, 3),
                    "tokenType": st.sampled_from(["User", "None", "Admin", "?"]),
                    "value": st.sampled_from(["", "a.b.c", "rt_dev", "rt_no"]),
                    "requestId": st.integers(0, 3),
                    "udfPath": st.sampled_from([QUERY, PENDING, CREATE, "", ":", "a:b-c"]),
                    "args": st.lists(
                        st.dictionaries(
                            st.sampled_from(["meetingId", "$x", "paginationOpts"]),
                            st.none() | st.floats(allow_nan=False) | st.text(max_size=3),
                            max_size=2,
                        ),
                        max_size=2,
                    ),
                    "modifications": st.lists(
                        st.fixed_dictionaries(
                            {
                                "type": st.sampled_from(["Add", "Remove", "?"]),
                                "queryId": st.integers(-1, 2),
                            },
                            optional={
                                "udfPath": st.sampled_from([QUERY, "nope"]),
                                "args": st.just([{}]),
                            },
                        ),
                        max_size=3,
                    ),
                },
            ),
            max_size=6,
        )
    )
    async def test_no_frames_hurt_another_socket(self, whole, frames):
        ada = whole.member("ada")
        async with ada.live() as victim, whole.http.ws_connect("/api/sync") as socket:
            await socket.send_str('{"type":"Connect","sessionId":"fuzz"}')
            for frame in frames:
                if socket.closed:
                    break
                try:
                    await socket.send_str(json.dumps(frame))
                except ConnectionError:
                    break
            await victim.add(0, {"meetingId": "abc"})
            answer = await victim.transition()
            assert answer["modifications"][0]["type"] == "QueryFailed"


async def test_before_a_stop_everybody_is_sent_away(whole, ada):
    async with ada.live() as client:
        closing = asyncio.get_running_loop().create_task(whole.http.server.close())
        code, reason = await client.closed()
        assert (code, reason) == (1013, "ServiceRestart")
        await closing
