import asyncio
import re
from pathlib import Path

from support.webserver import KEY, serving, starting

from server.api.routes import native_routes
from server.edge import create_application


async def test_all_doors_are_mounted(tmp_path: Path) -> None:
    async with starting(tmp_path) as (app, _, _):
        router = (await asyncio.to_thread(create_application, app)).router
    resources = {one.canonical for one in router.resources()}
    assert {
        "/v1/meetings", "/v1/signaling", "/v1/meetings/{id}/whip", "/docs", "/openapi.json",
        "/api/run/{identifier}",
    } <= resources  # fmt: skip


async def test_everything_native_is_described(tmp_path: Path) -> None:
    async with starting(tmp_path) as (app, _, _):
        routes = (await asyncio.to_thread(create_application, app)).router.routes()
        served = {(one.method, _plain(one.resource.canonical)) for one in routes}
    described = {(one.method, _plain(one.path)) for one in native_routes().routes}
    native = {
        one
        for one in served
        if one[1].startswith("/v1/") and not one[1].startswith("/v1/meeting-buddy")  # a dialect
    }
    undescribed = {one for one in native - described if one[0] not in ("HEAD", "OPTIONS")}
    assert undescribed == {("GET", "/v1/signaling")}  # a WebSocket
    assert described - served == set()


def _plain(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


async def test_dialect_answers_in_its_own_form(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        made = await web.meeting()
        await web.join(made["id"], "Ada")
        answer = await web.client.post(
            "/api/run/meetings/webrtc/index/getActiveSessions",
            json={"args": {"meetingId": made["convex_id"]}, "format": "json"},
            headers=KEY,
        )
        body = await answer.json()
    assert (answer.status, body["status"]) == (200, "success")
    assert [row["state"] for row in body["value"]] == ["connected"]


async def test_streams_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        answer = await web.client.get("/v1/events", headers=KEY)
        assert (await answer.content.readline()).startswith(b"retry:")
        await web.client.server.runner.shutdown()
        assert (await answer.content.read()).strip() == b""
