"""The walk of a connection, seen by the others, by the native API and by a Convex client."""

import asyncio
from typing import Any

from support.rtc_client import MeetingClient
from support.server_process import ServerProcess
from support.wait import until


async def rows(server: ServerProcess, meeting: str) -> list[dict[str, Any]]:
    """What getActiveSessions answers."""
    path = "/api/run/meetings/webrtc/index/getActiveSessions"
    body = {"args": {"meetingId": meeting}}
    status, answer = await asyncio.to_thread(server.request, "POST", path, body)
    assert (status, answer["status"]) == (200, "success")
    return answer["value"]


async def live(server: ServerProcess, meeting: str) -> dict[str, Any]:
    """The native live session."""
    path = f"/v1/meetings/{meeting}/session"
    status, answer = await asyncio.to_thread(server.request, "GET", path)
    assert status == 200
    return answer


def state_of(client: MeetingClient, other: MeetingClient) -> str | None:
    """The state in which `client` sees the other."""
    return client.roster.get(other.participant_id, {}).get("state")


async def test_two_people_hear_each_other_and_a_third_joins(server: ServerProcess, meeting: str):
    url = server.base_url
    async with (
        MeetingClient.join(url, meeting, name="Ada", tone=440) as ada,
        MeetingClient.join(url, meeting, name="Bo", tone=880) as bo,
    ):
        await ada.hears(880)
        await bo.hears(440)
        async with MeetingClient.join(url, meeting, name="Chi", tone=1320) as chi:
            await ada.hears(1320)
            await chi.hears(440)
        await ada.wait(lambda client: chi.participant_id not in client.roster)
        assert [row["user"]["displayName"] for row in await rows(server, meeting)] == ["Ada", "Bo"]


async def test_a_cut_network_is_seen_and_mends(server: ServerProcess, meeting: str):
    url = server.base_url
    async with (
        MeetingClient.join(url, meeting, name="Ada") as ada,
        MeetingClient.join(url, meeting, name="Bo", tone=880) as bo,
    ):
        await ada.hears(880)
        bo.cut_network()
        await ada.wait(lambda client: state_of(client, bo) == "disconnected")
        states = {row["user"]["displayName"]: row["state"] for row in await rows(server, meeting)}
        assert states == {"Ada": "connected", "Bo": "disconnected"}
        bo.restore_network()
        await ada.wait(lambda client: state_of(client, bo) == "connected")
        assert len((await live(server, meeting))["participants"]) == 2


async def test_a_lost_transport_fails_with_its_reason(server: ServerProcess, meeting: str):
    url = server.base_url
    async with MeetingClient.join(url, meeting, name="Ada") as ada:
        async with MeetingClient.join(url, meeting, name="Bo", tone=880) as bo:
            await ada.hears(880)
            bo.cut_network()
            await ada.wait(lambda client: state_of(client, bo) not in {"connected", "disconnected"})
            session = await live(server, meeting)
            (lost,) = [p for p in session["participants"] if p["name"] == "Bo"]
            assert [(c["state"], c["reason"]) for c in lost["connections"]] == [
                ("failed", "transport_lost")
            ]
            assert [r["user"]["displayName"] for r in await rows(server, meeting)] == ["Ada"]
        session_id = session["id"]
        path = f"/v1/sessions/{session_id}/events"
        _, answer = await asyncio.to_thread(server.request, "GET", path)
        assert "transport_lost" in str(answer)


async def test_a_reconnect_within_the_grace_time_is_the_same_person(
    server: ServerProcess, meeting: str
):
    url = server.base_url
    async with (
        MeetingClient.join(url, meeting, name="Ada") as ada,
        MeetingClient.join(url, meeting, name="Bo", tone=880) as bo,
    ):
        await ada.hears(880)
        bo.cut_network()
        await ada.wait(lambda client: state_of(client, bo) == "disconnected")
        async with MeetingClient.join(url, meeting, tone=990, resume=bo.resume_token) as again:
            assert again.participant_id == bo.participant_id
            await ada.hears(990)
            (person,) = [
                p for p in (await live(server, meeting))["participants"] if p["name"] == "Bo"
            ]
            assert [(c["state"], c["reason"]) for c in person["connections"]] == [
                ("closed", "replaced"),
                ("connected", None),
            ]


async def test_a_killed_client_leaves_at_once(server: ServerProcess, meeting: str):
    url = server.base_url
    async with MeetingClient.join(url, meeting, name="Ada") as ada:
        async with MeetingClient.join(url, meeting, name="Bo", tone=880) as bo:
            await ada.hears(880)
            await bo.vanish()
            await ada.wait(lambda client: bo.participant_id not in client.roster, within=4)
        reasons = [
            gone["reason"]
            for message in ada.events
            if message["type"] == "roster"
            for gone in message["left"]
        ]
        assert reasons == ["left"]


async def test_an_empty_session_ends_after_the_keep_alive(server: ServerProcess, meeting: str):
    async with MeetingClient.join(server.base_url, meeting, name="Ada"):
        session = await live(server, meeting)
        assert session["state"] == "live"

    async def state() -> str:
        path = f"/v1/sessions/{session['id']}"
        return (await asyncio.to_thread(server.request, "GET", path))[1]["state"]

    seen = [await state()]

    async def poll() -> None:
        while seen[-1] != "ended":
            seen.append(await state())

    await asyncio.wait_for(poll(), 10)
    assert seen[0] in {"live", "keep_alive"}
    assert "keep_alive" in seen
    await until(lambda: seen[-1] == "ended", 1, lambda: str(seen))
