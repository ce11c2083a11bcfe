"""The WebSocket endpoint over a real socket: bad input, limits, closes, and who notices."""

import asyncio
import json
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web
from support.signaling import MEETING, World
from support.wait import until

from signaling.endpoint import Bucket, SignalingEndpoint
from signaling.model import WaitingRoom
from signaling.ports import RtcTimers
from signaling.settings import SignalingSettings

HELLO = {"type": "hello", "protocol": 1, "meeting": "m1", "name": "Bob"}


def serve(world: World, settings: SignalingSettings | None = None) -> web.Application:
    app = web.Application()
    endpoint = SignalingEndpoint(world.live, settings or SignalingSettings(), world.clock)
    app.router.add_get("/v1/signaling", endpoint.handle)
    return app


@pytest.fixture
async def client(world, aiohttp_client):
    return await aiohttp_client(serve(world))


@pytest.fixture
async def ada(world):
    return (await world.join("Ada", token="host")).connects()


async def hello(client, **members):
    ws = await client.ws_connect("/v1/signaling", autoping=True)
    await ws.send_json(HELLO | members)
    return ws


async def joined(client, **members):
    ws = await hello(client, **members)
    welcome = await ws.receive_json(timeout=5)
    assert welcome["type"] == "welcome"
    return ws, welcome


async def the_next(ws, kind: str) -> dict:
    while True:
        message = await ws.receive_json(timeout=5)
        if message["type"] == kind:
            return message


async def closing(ws) -> int:
    """Read to the end; the close code."""
    while True:
        frame = await ws.receive(timeout=5)
        if frame.type is WSMsgType.CLOSE:
            return frame.data
        assert frame.type in (WSMsgType.TEXT, WSMsgType.PING), frame


class TestHello:
    async def test_welcome_and_roster(self, client, ada):
        _, welcome = await joined(client)
        assert welcome["participants"][0]["name"] == "Ada"
        assert welcome["you"]["joined_at"].endswith("Z")
        assert ada.outbox.of("roster")[-1].joined[0].name == "Bob"

    async def test_the_client_s_program_is_kept_for_timelines(self, world, client):
        ws = await client.ws_connect("/v1/signaling")
        await ws.send_json(HELLO | {"client": {"name": "te\x00sts", "version": "1"}})
        await ws.receive_json(timeout=5)
        assert next(world.session().connections()).details == {"client": "tests 1"}

    @pytest.mark.parametrize(
        ("first", "code", "close"),
        [
            ("{", "bad_message", 4400),
            ("[]", "bad_message", 4400),
            ('{"type":"hello"}', "bad_message", 4400),
            ('{"type":"nonsense"}', "bad_message", 4400),
            ('{"type":"bye"}', "hello_expected", 4400),
            ('{"type":"hello","protocol":7,"meeting":"m1"}', "protocol_unsupported", 4400),
            (json.dumps(HELLO | {"token": "expired"}), "token_expired", 4401),
            (json.dumps(HELLO | {"token": "foreign"}), "token_for_another_meeting", 4403),
            (json.dumps(HELLO | {"meeting": "nowhere"}), "meeting_not_found", 4404),
        ],
    )
    async def test_a_bad_one_is_fatal_and_nobody_notices(self, client, ada, first, code, close):
        before = len(ada.outbox.messages)
        ws = await client.ws_connect("/v1/signaling")
        await ws.send_str(first)
        error = await ws.receive_json(timeout=5)
        assert (error["type"], error["code"], error["fatal"]) == ("error", code, True)
        assert await closing(ws) == close
        assert len(ada.outbox.messages) == before

    async def test_a_full_meeting(self, world, client, ada):
        world.gate.meeting = MEETING.__class__(
            **{f: getattr(MEETING, f) for f in MEETING.__slots__} | {"max_participants": 1}
        )
        ws = await hello(client)
        assert (await ws.receive_json(timeout=5))["code"] == "meeting_full"
        assert await closing(ws) == 4429

    async def test_none_in_time(self, world, aiohttp_client):
        client = await aiohttp_client(serve(world, SignalingSettings(hello_seconds=0.05)))
        ws = await client.ws_connect("/v1/signaling")
        assert (await ws.receive_json(timeout=5))["code"] == "hello_timeout"
        assert await closing(ws) == 4408

    async def test_twice(self, client):
        ws, _ = await joined(client)
        await ws.send_json(HELLO)
        error = await the_next(ws, "error")
        assert (error["code"], error["fatal"]) == ("invalid_state", False)


class TestOrigin:
    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            ("https://evil.example", 403),
            ("null", 403),
            ("https://meet.example/", 101),
            ("HTTPS://MEET.EXAMPLE", 101),
        ],
    )
    async def test_only_pages_of_known_origins(self, world, aiohttp_client, origin, status):
        settings = SignalingSettings(allowed_origins=("https://meet.example",))
        client = await aiohttp_client(serve(world, settings))
        answer = await client.get(
            "/v1/signaling",
            headers={
                "Origin": origin,
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            },
        )
        assert answer.status == status
        answer.close()

    async def test_the_server_s_own(self, client):
        origin = f"http://{client.host}:{client.port}"
        async with client.ws_connect("/v1/signaling", headers={"Origin": origin}) as ws:
            await ws.send_json(HELLO)
            assert (await ws.receive_json(timeout=5))["type"] == "welcome"

    async def test_no_websocket(self, client):
        answer = await client.get("/v1/signaling")
        assert answer.status == 426
        assert (await answer.json())["code"] == "websocket_expected"


class TestBadInput:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ('{"type":"nonsense"}', "unknown_message"),
            ('{"type":"offer","id":1,"sdp":"bad"}', "invalid_sdp"),
            (json.dumps({"type": "offer", "id": 1, "sdp": "x" * 65537}), "invalid_sdp"),
            ('{"type":"candidate","candidate":"bad"}', "invalid_candidate"),
            ('{"type":"chat","text":""}', "invalid_field"),
            ('{"type":"end"}', "forbidden"),
        ],
    )
    async def test_one_that_is_not_fatal_is_answered_and_all_goes_on(self, client, ada, text, code):
        ws, _ = await joined(client)
        before = len(ada.outbox.messages)
        await ws.send_str(text)
        error = await the_next(ws, "error")
        assert (error["code"], error["fatal"]) == (code, False)
        await ws.send_json({"type": "ping", "id": 7})
        assert (await the_next(ws, "pong"))["id"] == 7
        assert len(ada.outbox.messages) == before

    async def test_no_json_is_fatal(self, client, ada):
        ws, _ = await joined(client)
        await ws.send_str("{")
        assert (await the_next(ws, "error"))["code"] == "bad_message"
        assert await closing(ws) == 4400
        assert ada.state == "connected"

    async def test_binary_is_fatal(self, client):
        ws, _ = await joined(client)
        await ws.send_bytes(b"x")
        assert (await the_next(ws, "error"))["code"] == "bad_message"
        assert await closing(ws) == 4400

    async def test_oversized_is_fatal(self, client, ada):
        ws, _ = await joined(client)
        before = len(ada.outbox.messages)
        await ws.send_str("x" * (256 * 1024 + 1))
        assert await closing(ws) == 1009
        assert len(ada.outbox.messages) == before

    async def test_too_fast_is_fatal(self, client):
        ws, _ = await joined(client)
        for _ in range(120):
            await ws.send_json({"type": "ping"})
        assert (await the_next(ws, "error"))["code"] == "too_fast"
        assert await closing(ws) == 4429

    async def test_two_offers_at_once(self, world, client, ada):
        started = asyncio.Event()
        finish = asyncio.Event()
        answer = world.engine.answer

        async def slow(connection_id, sdp, sources):
            started.set()
            await finish.wait()
            return await answer(connection_id, sdp, sources)

        world.engine.answer = slow
        ws, _ = await joined(client)
        await ws.send_json({"type": "offer", "id": 1, "sdp": "v=0"})
        await started.wait()
        await ws.send_json({"type": "offer", "id": 2, "sdp": "v=0"})
        error = await the_next(ws, "error")
        assert (error["code"], error["id"]) == ("offer_pending", 2)
        finish.set()
        assert (await the_next(ws, "answer"))["id"] == 1

    async def test_an_offer_after_goodbye_has_no_effect(self, client, ada):
        ws, _ = await joined(client)
        await ws.send_json({"type": "bye"})
        await ws.send_json({"type": "offer", "id": 1, "sdp": "v=0"})
        goodbye = await the_next(ws, "goodbye")
        assert (goodbye["reason"], goodbye["rejoin"]) == ("left", True)
        assert await closing(ws) == 1000
        assert ada.outbox.of("roster")[-1].left[0].reason == "left"
        assert ada.outbox.of("error") == []


class TestEnds:
    async def test_a_closed_socket_and_silence_mean_left(self, world, client, ada):
        ws, welcome = await joined(client)
        live = next(c for c in world.session().connections() if c.id == welcome["connection"])
        await ws.close()
        await until(lambda: world.engine.probes == [live.id])
        world.schedule.advance(RtcTimers().left)
        assert live.record.reason == "left"

    async def test_a_cut_socket_counts_as_closed(self, world, client, ada):
        ws, welcome = await joined(client)
        ws._response.connection.transport.abort()
        await until(lambda: world.engine.probes == [welcome["connection"]])
        assert ada.state == "connected"

    async def test_a_silent_socket_is_lost_and_the_transport_decides(self, world, aiohttp_client):
        client = await aiohttp_client(serve(world, SignalingSettings(heartbeat_seconds=0.05)))
        ws, _ = await joined_without_pongs(client)
        live = next(iter(world.session().connections()))
        await until(lambda: not live.attended)
        assert world.engine.probes == []
        assert live.record.state == "connecting"
        await ws.close()

    async def test_a_socket_that_answers_pings_stays(self, world, aiohttp_client):
        client = await aiohttp_client(serve(world, SignalingSettings(heartbeat_seconds=0.2)))
        ws, _ = await joined_without_pongs(client)
        pings = 0
        while pings < 5:  # longer than three heartbeats
            frame = await ws.receive(timeout=5)
            if frame.type is WSMsgType.PING:
                pings += 1
                await ws.pong(frame.data)
        live = next(iter(world.session().connections()))
        assert live.attended
        await ws.close()

    async def test_kicked(self, world, client, ada):
        ws, welcome = await joined(client)
        await world.live.kick(welcome["you"]["id"], by=ada.id)
        assert (await the_next(ws, "goodbye"))["reason"] == "kicked"
        assert await closing(ws) == 4403

    async def test_pings_of_the_client_are_answered(self, client):
        ws = await client.ws_connect("/v1/signaling", autoping=False)
        await ws.send_json(HELLO)
        await ws.ping(b"there")
        frame = await ws.receive(timeout=5)
        while frame.type is not WSMsgType.PONG:
            frame = await ws.receive(timeout=5)
        assert frame.data == b"there"
        await ws.close()

    async def test_a_slow_reader_is_closed_and_nobody_else_notices(self, world, aiohttp_client):
        settings = SignalingSettings(outbox_messages=4)
        client = await aiohttp_client(serve(world, settings))
        ada = (await world.join("Ada")).connects()
        ws, welcome = await joined(client)
        live = next(c for c in world.session().connections() if c.id == welcome["connection"])
        live_outbox_full = {"type": "chat", "text": "x" * 100}
        for _ in range(8):  # without giving the writer a turn
            ada.says(json.dumps(live_outbox_full))
        await until(lambda: not live.attended)
        assert await closing(ws) == 4408
        assert world.engine.probes == []
        assert ada.state == "connected"


async def joined_without_pongs(client):
    ws = await client.ws_connect("/v1/signaling", autoping=False)
    await ws.send_json(HELLO)
    return ws, await ws.receive_json(timeout=5)


class TestBucket:
    def test_twice_the_rate_in_a_burst_then_the_rate(self, world):
        bucket = Bucket(5, world.clock)
        assert [bucket.take() for _ in range(11)] == [True] * 10 + [False]
        world.clock.advance(0.41)
        assert [bucket.take() for _ in range(3)] == [True, True, False]
        world.clock.advance(60)
        assert sum(bucket.take() for _ in range(20)) == 10


async def test_a_client_may_hear_everybody_as_one_sound(aiohttp_client, world):
    client = await aiohttp_client(serve(world))
    _, welcome = await joined(client, audio="mix")
    _, other = await joined(client, name="Eve")
    assert world.engine.specs[welcome["connection"]].mix
    assert not world.engine.specs[other["connection"]].mix


class TestTheDoor:
    @pytest.fixture(autouse=True)
    def guarded(self, world):
        world.gate.meeting = replace(MEETING, waiting_room=WaitingRoom.ON)

    async def test_a_visitor_waits_pings_and_is_let_in(self, world, client, ada):
        ws = await hello(client)
        waiting = await the_next(ws, "waiting")
        assert (waiting["name"], waiting["meeting"]["title"]) == ("Bob", "Standup")
        await ws.send_json({"type": "ping", "id": 3})
        assert (await the_next(ws, "pong"))["id"] == 3
        await ws.send_json({"type": "chat", "text": "let me in"})
        refused = await the_next(ws, "error")
        assert (refused["code"], refused["fatal"]) == ("invalid_state", False)
        await ws.send_str('{"type":"nonsense"}')
        assert (await the_next(ws, "error"))["code"] == "unknown_message"
        assert ada.outbox.of("visitors")[-1].visitors[0].name == "Bob"
        ada.says('{"type":"admit"}')
        assert (await the_next(ws, "welcome"))["you"]["name"] == "Bob"
        await ws.send_json({"type": "chat", "text": "thank you"})
        assert (await the_next(ws, "chat"))["message"]["text"] == "thank you"

    async def test_one_who_is_turned_away(self, world, client, ada):
        ws = await hello(client)
        await the_next(ws, "waiting")
        who = ada.outbox.of("visitors")[-1].visitors[0].id
        ada.says(f'{{"type":"refuse","visitor":"{who}"}}')
        error = await the_next(ws, "error")
        assert (error["code"], error["fatal"]) == ("join_refused", True)
        assert await closing(ws) == 4403

    @pytest.mark.parametrize("way", ["bye", "close", "nonsense", "cut"])
    async def test_one_who_goes_leaves_the_door_empty(self, world, client, ada, way):
        ws = await hello(client)
        await the_next(ws, "waiting")
        match way:
            case "bye":
                await ws.send_json({"type": "bye"})
                assert await closing(ws) == 1000
            case "close":
                await ws.close()
            case "nonsense":
                await ws.send_str("{")
                error = await the_next(ws, "error")
                assert (error["code"], error["fatal"]) == ("bad_message", True)
                assert await closing(ws) == 4400
            case _:
                ws._response.connection.transport.abort()
        await until(lambda: not world.live.visitors("m1"), 5, lambda: "still waits")
        assert ada.outbox.of("visitors")[-1].visitors == []

    async def test_one_who_falls_silent(self, world, aiohttp_client, ada):
        client = await aiohttp_client(serve(world, SignalingSettings(heartbeat_seconds=0.05)))
        ws = await client.ws_connect("/v1/signaling", autoping=False)
        await ws.send_json(HELLO)
        await until(lambda: world.live.visitors("m1"), 5, lambda: "nobody came")
        await until(lambda: not world.live.visitors("m1"), 5, lambda: "still waits")
