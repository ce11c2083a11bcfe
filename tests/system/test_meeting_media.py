"""What people in a meeting hear, see and know of each other, on a real server."""

import asyncio
import time

import pytest
from support.rtc_client import MeetingClient, RefusedError


def state_of(client, other):
    person = client.roster.get(other.participant_id)
    return person and person["state"]


async def test_two_people_hear_each_other_and_know_who_speaks(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, name="Ada", tone=440) as ada,
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=880) as bob,
    ):
        ear, _ = await asyncio.gather(ada.hears(880), bob.hears(440))
        assert ada.slots[ear.mid]["participant"] == bob.participant_id
        assert ada.slots[ear.mid]["source"] == "microphone"
        assert ada.roster[bob.participant_id]["name"] == "Bob"
        await ada.wait_for("speaking")
        assert all(slot["participant"] != ada.participant_id for slot in ada.slots.values())


async def test_third_person_joins_without_a_glitch_for_the_two(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, tone=440) as ada,
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=880) as bob,
    ):
        ear, _ = await asyncio.gather(ada.hears(880), bob.hears(440))
        slot = dict(ada.slots[ear.mid])
        async with MeetingClient.join(server.base_url, meeting, name="Cyd", tone=1320) as cyd:
            await asyncio.gather(ada.hears(1320), bob.hears(1320), cyd.hears(440), cyd.hears(880))
            assert ear.hears(880)
            assert ada.slots[ear.mid] == slot
            assert not [event for event in ada.events if event["type"] == "answer"][1:]
        await ada.wait(lambda client: set(client.roster) == {bob.participant_id})
        assert ear.hears(880)


async def test_whoever_leaves_is_gone_at_once(server, meeting):
    async with MeetingClient.join(server.base_url, meeting) as ada:
        async with MeetingClient.join(server.base_url, meeting, name="Bob") as bob:
            await ada.wait(lambda client: state_of(client, bob) == "connected")
        began = time.monotonic()
        await ada.wait(lambda client: not client.roster)
        assert time.monotonic() - began < 1.0
        left = [gone for event in ada.events for gone in event.get("left", [])]
        assert left == [{"id": bob.participant_id, "reason": "left"}]
        status, session = await asyncio.to_thread(
            server.request, "GET", f"/v1/meetings/{meeting}/session"
        )
        assert status == 200
        states = {person["name"]: person["state"] for person in session["participants"]}
        assert states == {"Ada": "present", "Bob": "left"}


async def test_muted_microphone_is_heard_by_nobody(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, tone=440) as ada,
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=880) as bob,
    ):
        ear = await ada.hears(880)
        await bob.send("publish", source="microphone", muted=True)
        await ada.wait(
            lambda client: client.roster[bob.participant_id]["tracks"][0]["muted"] is True
        )
        ear.forget()
        async with MeetingClient.join(server.base_url, meeting, name="Cyd", tone=1320):
            await ada.hears(1320)  # half a second of it, in which Bob was not heard
            assert not any(each.hears(880) for each in ada.peer.ears.values())
            assert ear.level < 0.01 or ear.hears(1320)
        await bob.send("publish", source="microphone", muted=False)
        await ada.hears(880)


async def test_camera_is_seen_in_the_slot_that_was_asked_for(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, tone=None, video_slots=1) as ada,
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=None, camera=True) as bob,
    ):
        tile = {
            "participant": bob.participant_id,
            "source": "camera",
            "width": 320,
            "height": 240,
        }
        await ada.wait(lambda client: state_of(client, bob) == "connected")
        await ada.send("view", tiles=[tile])
        ear = await ada.sees()
        assert ada.slots[ear.mid]["participant"] == bob.participant_id


async def test_session_shows_who_is_connected_and_how_well(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, tone=440) as ada,
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=880) as bob,
    ):
        await ada.hears(880)
        await ada.wait(lambda client: client.roster[bob.participant_id]["quality"], within=15)
        _, session = await asyncio.to_thread(
            server.request, "GET", f"/v1/meetings/{meeting}/session"
        )
        assert session["state"] == "live"
        quality = {
            person["name"]: person["connections"][0]["quality"]
            for person in session["participants"]
        }
        assert quality["Bob"] in ("excellent", "good")
        assert len(quality) == 2


async def test_unknown_meeting_is_refused_with_its_code(server):
    client = MeetingClient.join(server.base_url, "01a1f900-0000-7000-8000-000000000000")
    with pytest.raises(RefusedError) as refused:
        await client.__aenter__()
    assert refused.value.code == "meeting_not_found"
