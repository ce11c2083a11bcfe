"""Strangers publish and listen over WHIP and WHEP on a real server."""

import asyncio

import pytest
from support.rtc_client import MeetingClient, RefusedError, WhipClient
from support.wait import until


async def test_publisher_is_heard_and_its_delete_ends_it(server, meeting):
    async with MeetingClient.join(server.base_url, meeting, tone=None) as ada:
        async with WhipClient.publish(server.base_url, meeting, name="Cam", tone=700) as cam:
            assert cam.status == 201
            assert cam.etag
            await ada.hears(700)
            assert [person["name"] for person in ada.roster.values()] == ["Cam"]
        await ada.wait(lambda client: not client.roster)


async def test_publisher_that_dies_is_noticed(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, tone=None) as ada,
        WhipClient.publish(server.base_url, meeting, name="Cam") as cam,
    ):
        await ada.wait(lambda client: client.roster)
        await cam.vanish()
        await ada.wait(
            lambda client: (
                not client.roster
                or next(iter(client.roster.values()))["state"] in ("disconnected", "failed")
            ),
            within=8,
        )


async def test_listener_hears_whom_it_asks_for(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, name="Ada", tone=440) as ada,
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=880) as bob,
        WhipClient.listen(
            server.base_url, meeting, name="All", audio_slots=2, audio="speakers"
        ) as everybody,
        WhipClient.listen(
            server.base_url, meeting, name="One", audio_slots=2, participant=bob.participant_id
        ) as one,
    ):
        await asyncio.gather(everybody.peer.hears(440), everybody.peer.hears(880))
        await one.peer.hears(880)
        assert not any(ear.hears(440) for ear in one.peer.ears.values())
        assert ada.participant_id in bob.roster


async def test_plain_listener_hears_everybody_in_one_track(server, meeting):
    async with (
        MeetingClient.join(server.base_url, meeting, name="Ada", tone=440),
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=880),
        WhipClient.listen(server.base_url, meeting, name="Tv") as tv,
    ):
        (ear,) = tv.peer.ears.values()
        await until(lambda: ear.strength(440) > 0.1 and ear.strength(880) > 0.1)


async def test_listener_sees_a_camera_without_asking(server, meeting):
    async with (
        WhipClient.publish(server.base_url, meeting, name="Cam", camera=True),
        WhipClient.listen(server.base_url, meeting, name="Eye", video_slots=1) as eye,
    ):
        await eye.peer.sees()


async def test_bad_credential_is_refused(server, meeting):
    with pytest.raises(RefusedError) as refused:
        async with WhipClient.publish(server.base_url, meeting, credential="rt_wrong", name="X"):
            pass
    assert refused.value.code == "401"
