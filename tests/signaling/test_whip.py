"""WHIP and WHEP over HTTP: the table of RFC 9725 and what becomes of the connection."""

import pytest
from aiohttp import web
from support.signaling import World
from support.wait import until

from media.types import Answer
from signaling.ports import IceServer
from signaling.settings import SignalingSettings
from signaling.whip import Whip

OFFER = "v=0\r\na=ice-ufrag:abcd\r\n"
SDP = {"Content-Type": "application/sdp", "Authorization": "Bearer t1"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag", "Authorization": "Bearer t1"}
CANDIDATE = "a=ice-ufrag:abcd\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
SETTINGS = SignalingSettings(
    ice_servers=(IceServer(("turn:t.example",), "u", 'p"w'), IceServer(("stun:s.example",)))
)


@pytest.fixture
async def client(world, aiohttp_client):
    app = web.Application()
    app.router.add_routes(Whip(world.live).routes())
    return await aiohttp_client(app)


async def post(client, kind="whip", **how):
    return await client.post(
        f"/v1/meetings/m1/{kind}",
        data=how.pop("data", OFFER),
        headers=how.pop("headers", SDP),
        **how,
    )


async def problem_of(answer) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    body = await answer.json()
    assert body["status"] == answer.status
    assert set(body) == {"type", "title", "status", "detail", "code"}
    return answer.status, body["code"]


class TestPost:
    async def test_created(self, world, client):
        answer = await post(client)
        assert answer.status == 201
        assert answer.content_type == "application/sdp"
        assert await answer.text() == "v=0 answer"
        live = next(iter(world.session().connections()))
        assert answer.headers["Location"] == f"/v1/meetings/m1/whip/{live.id}"
        assert answer.headers["ETag"] == f'"{live.id}"'
        assert live.record.protocol == "whip"

    async def test_ice_servers_are_linked(self, aiohttp_client):
        world = World(SETTINGS)
        app = web.Application()
        app.router.add_routes(Whip(world.live).routes())
        answer = await post(await aiohttp_client(app))
        assert answer.headers.getall("Link") == [
            r'<turn:t.example>; rel="ice-server"; username="u"; credential="p\"w"; credential-type="password"',  # noqa: E501
            '<stun:s.example>; rel="ice-server"',
        ]
        await world.live.stop()

    async def test_listening_to_one(self, world, client):
        answer = await post(client, "whep", params={"participant": "p9", "name": "Tv"})
        assert answer.status == 201
        spec = next(iter(world.engine.specs.values()))
        assert (spec.publish, spec.every_video, spec.only_participant) == (False, True, "p9")
        assert not spec.mix
        assert next(world.session().members()).participant.name == "Tv"

    @pytest.mark.parametrize(
        ("query", "mix"), [({}, True), ({"audio": "mix"}, True), ({"audio": "speakers"}, False)]
    )
    async def test_listening_to_everybody_is_a_mix_unless_told_otherwise(
        self, world, client, query, mix
    ):
        answer = await post(client, "whep", params={"name": "Tv", **query})
        assert answer.status == 201
        assert next(iter(world.engine.specs.values())).mix is mix

    async def test_publishing_is_never_a_mix(self, world, client):
        answer = await post(client, "whip", params={"name": "Cam", "audio": "mix"})
        assert answer.status == 201
        assert not next(iter(world.engine.specs.values())).mix

    async def test_another_kind_of_sound_is_refused(self, world, client):
        answer = await post(client, "whep", params={"name": "Tv", "audio": "loud"})
        assert answer.status == 400
        assert (await answer.json())["code"] == "invalid_audio"
        assert world.session() is None

    @pytest.mark.parametrize(
        ("how", "status", "code"),
        [
            ({"headers": SDP | {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
            ({"headers": SDP | {"Accept": "text/html"}}, 406, "not_acceptable"),
            ({"data": ""}, 422, "invalid_sdp"),
            ({"data": b"\xff\xfe"}, 422, "invalid_sdp"),
            ({"data": "bad"}, 422, "invalid_sdp"),
            ({"data": "x" * 65537}, 413, "too_large"),
            ({"headers": SDP | {"Authorization": "Bearer expired"}}, 401, "token_expired"),
            (
                {"headers": SDP | {"Authorization": "Bearer foreign"}},
                403,
                "token_for_another_meeting",
            ),
        ],
    )
    async def test_refused_and_nobody_notices(self, world, client, how, status, code):
        ada = (await world.join("Ada")).connects()
        answer = await post(client, **how)
        assert await problem_of(answer) == (status, code)
        assert [m.participant.name for m in world.session().members()] == ["Ada"]
        assert ada.state == "connected"

    async def test_a_chunked_body_is_bounded_too(self, client):
        async def chunks():
            for _ in range(70):
                yield b"x" * 1024

        assert await problem_of(await post(client, data=chunks())) == (413, "too_large")

    async def test_a_challenge_comes_with_401(self, client):
        answer = await post(client, headers=SDP | {"Authorization": "Bearer expired"})
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    async def test_a_full_or_draining_server_says_when_to_try_again(self, world, client):
        world.live.draining = True
        answer = await post(client)
        assert await problem_of(answer) == (503, "server_draining")
        assert int(answer.headers["Retry-After"]) > 0

    async def test_options(self, client):
        answer = await client.options("/v1/meetings/m1/whip")
        assert (answer.status, answer.headers["Accept-Post"]) == (204, "application/sdp")

    @pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
    async def test_other_methods(self, client, method):
        assert (await client.request(method, "/v1/meetings/m1/whip")).status == 405

    async def test_an_api_key_in_its_own_header(self, world, client):
        headers = {"Content-Type": "application/sdp", "x-api-key": "host"}
        await post(client, headers=headers)
        assert next(world.session().members()).participant.role == "host"

    async def test_ended_before_it_was_answered(self, world, client):
        async def never(connection_id, sdp, sources):
            await world.live.end_meeting("m1", by=None)
            return Answer("v=0", ())

        world.engine.answer = never
        assert await problem_of(await post(client)) == (409, "ended")


class TestResource:
    @pytest.fixture
    async def made(self, world, client):
        answer = await post(client)
        return answer.headers["Location"], answer.headers["ETag"]

    async def test_delete_ends_it(self, world, client, made):
        live = next(iter(world.session().connections()))
        answer = await client.delete(made[0], headers=SDP)
        assert answer.status == 200
        assert live.record.reason == "left"
        again = await client.delete(made[0], headers=SDP)
        assert await problem_of(again) == (404, "connection_not_found")

    async def test_only_with_the_same_token(self, world, client, made):
        headers = {"Authorization": "Bearer other"}
        answer = await client.delete(made[0], headers=headers)
        assert await problem_of(answer) == (401, "token_invalid")
        assert (await client.delete(made[0].replace("whip", "whep"), headers=SDP)).status == 404
        assert (await client.delete(made[0].replace("m1", "m2"), headers=SDP)).status == 404

    async def test_no_websocket_means_the_transport_decides(self, world, client, made):
        live = next(iter(world.session().connections()))
        world.engine.up(live.id)
        world.schedule.advance(7)
        assert live.record.state == "disconnected"
        world.schedule.advance(30)
        assert live.record.state == "failed"
        assert (await client.delete(made[0], headers=SDP)).status == 404

    async def test_options(self, client, made):
        answer = await client.options(made[0])
        assert (answer.status, answer.headers["Allow"]) == (204, "PATCH, DELETE, OPTIONS")
        assert answer.headers["Accept-Patch"] == FRAGMENT["Content-Type"]

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST"])
    async def test_other_methods(self, client, made, method):
        answer = await client.request(method, made[0])
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(",")) == {"PATCH", "DELETE", "OPTIONS"}

    async def test_trickle(self, world, client, made):
        answer = await client.patch(
            made[0], data=CANDIDATE, headers=FRAGMENT | {"If-Match": made[1]}
        )
        assert answer.status == 204
        await until(lambda: world.engine.candidates)
        assert world.engine.candidates[0][1] == "candidate:1 1 udp 1 192.0.2.1 5000 typ host"

    @pytest.mark.parametrize(
        ("headers", "body", "status", "code"),
        [
            ({}, CANDIDATE, 428, "if_match_required"),
            ({"If-Match": '"another"'}, CANDIDATE, 412, "etag_mismatch"),
            ({"If-Match": "*"}, CANDIDATE, 422, "ice_restart_unsupported"),
            ({"If-Match": '"another"'}, "a=ice-ufrag:new\r\n", 422, "ice_restart_unsupported"),
            ({"If-Match": "x", "Content-Type": "text/plain"}, "x", 415, "unsupported_media_type"),
            ({"If-Match": "x"}, "x" * 20000, 413, "too_large"),
        ],
    )
    async def test_other_fragments_are_refused(self, client, made, headers, body, status, code):
        answer = await client.patch(made[0], data=body, headers=FRAGMENT | headers)
        assert await problem_of(answer) == (status, code)
