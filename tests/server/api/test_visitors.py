import asyncio
from collections.abc import AsyncIterator

import pytest
from support.wait import until
from support.webserver import KEY, Inbox, Web

from signaling.doors import Visit
from signaling.errors import Refused
from signaling.ports import JoinRequest


async def knock(web: Web, meeting: str, name: str) -> asyncio.Task:
    before = len(web.app.live.visitors(meeting))
    joining = asyncio.create_task(
        web.app.live.join(
            JoinRequest(meeting, None, name),
            protocol="websocket",
            outbox=Inbox(),
            attend=Visit.decided,
        )
    )
    await until(
        lambda: len(web.app.live.visitors(meeting)) > before, 5, lambda: "nobody at the door"
    )
    return joining


@pytest.fixture
async def door(web: Web) -> AsyncIterator[str]:
    """A meeting that Bob and Chi ask to join."""
    made = await web.meeting(waiting_room="on")
    people = [await knock(web, made["id"], name) for name in ("Bob", "Chi")]
    yield f"/v1/meetings/{made['id']}/visitors"
    for joining in people:
        joining.cancel()
    await asyncio.gather(*people, return_exceptions=True)


async def listed(web: Web, door: str) -> list[dict]:
    answer = await web.client.get(door, headers=KEY)
    assert answer.status == 200
    return (await answer.json())["items"]


async def test_who_waits_is_listed_and_in_no_session(web: Web, door: str) -> None:
    bob, chi = await listed(web, door)
    assert (bob["name"], chi["name"], bob["user_id"]) == ("Bob", "Chi", None)
    assert bob["since"].endswith("Z")
    live = await web.client.get("/v1/sessions", headers=KEY)
    assert (await live.json())["items"] == []


async def test_one_is_let_in_one_turned_away(web: Web) -> None:
    made = await web.meeting(waiting_room="on")
    bob, chi = [await knock(web, made["id"], name) for name in ("Bob", "Chi")]
    door = f"/v1/meetings/{made['id']}/visitors"
    first, second = await listed(web, door)
    answer = await web.client.post(f"{door}/{first['id']}/admit", headers=KEY)
    assert answer.status == 204
    answer = await web.client.post(f"{door}/{second['id']}/refuse", headers=KEY)
    assert answer.status == 204
    assert (await bob).session.meeting.id == made["id"]
    with pytest.raises(Refused) as caught:
        await chi
    assert caught.value.code == "join_refused"


async def test_all_are_let_in(web: Web, door: str) -> None:
    answer = await web.client.post(f"{door}/admit", headers=KEY)
    assert await answer.json() == {"count": 2}
    assert await listed(web, door) == []


@pytest.mark.parametrize("action", ["admit", "refuse"])
async def test_somebody_who_is_not_there(web: Web, door: str, action: str) -> None:
    answer = await web.client.post(f"{door}/nobody/{action}", headers=KEY)
    assert answer.status == 404
    assert (await answer.json())["code"] == "visitor_not_found"


async def test_hosts_may_and_guests_may_not(web: Web, door: str) -> None:
    meeting = door.split("/")[3]
    guest, host = await web.token(meeting), await web.token(meeting, role="host")
    assert (await web.client.get(door, headers=guest)).status == 403
    assert (await web.client.get(door, headers=host)).status == 200
    assert (await web.client.get(door)).status == 401


async def test_the_lobby_says_that_one_must_ask_and_the_setting_can_change(web: Web) -> None:
    made = await web.meeting(waiting_room="on")
    path = f"/v1/meetings/{made['id']}"
    assert (await (await web.client.get(f"{path}/lobby")).json())["waiting_room"] == "on"
    changed = await web.client.patch(path, json={"waiting_room": "off"}, headers=KEY)
    assert (await changed.json())["waiting_room"] == "off"
