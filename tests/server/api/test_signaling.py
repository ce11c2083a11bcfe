import pytest
from support.webserver import KEY, Web

SDP = {"Content-Type": "application/sdp"}


async def test_socket_is_open_to_programs(web: Web) -> None:
    made = await web.meeting()
    async with web.client.ws_connect("/v1/signaling") as socket:
        await socket.send_json(
            {"type": "hello", "protocol": 1, "meeting": made["id"], "name": "Ada"}
        )
        welcome = await socket.receive_json(timeout=5)
        assert (welcome["type"], welcome["you"]["name"]) == ("welcome", "Ada")


async def test_plain_request_is_told_to_upgrade(web: Web) -> None:
    answer = await web.client.get("/v1/signaling")
    body = await answer.json()
    assert (answer.status, body["code"]) == (426, "websocket_expected")
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert body["type"] == "urn:roomtone:problem:websocket_expected"


@pytest.mark.parametrize("kind", ["whip", "whep"])
async def test_offer_is_answered(web: Web, kind: str) -> None:
    made = await web.meeting()
    answer = await web.client.post(
        f"/v1/meetings/{made['id']}/{kind}?name=OBS", data="v=0 offer", headers={**KEY, **SDP}
    )
    assert (answer.status, answer.content_type) == (201, "application/sdp")
    ended = await web.client.delete(answer.headers["Location"], headers=KEY)
    assert ended.status == 200


async def test_refusal_is_a_problem_with_the_request_id(web: Web) -> None:
    made = await web.meeting()
    answer = await web.client.post(
        f"/v1/meetings/{made['id']}/whip", data="{}", headers={**KEY, "Content-Type": "text/plain"}
    )
    body = await answer.json()
    assert (answer.status, answer.content_type) == (415, "application/problem+json")
    assert body["request_id"]
