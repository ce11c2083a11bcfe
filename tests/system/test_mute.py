"""Whom somebody else mutes is silenced at the packet plane, whatever their client sends."""

import asyncio

import pytest
from support.rtc_client import MeetingClient
from support.wait import until

KIT = "/client/v4/accounts/acc/realtime/kit/app/meetings"
WINDOW = 25  # packets, half a second of a microphone


async def post(server, path: str, body: object) -> None:
    status, answer = await asyncio.to_thread(server.request, "POST", path, body)
    assert status in (200, 204), answer


async def by_host(server, meeting: str, who: MeetingClient, *, muted: bool) -> None:
    body = {"kind": "audio", "muted": muted}
    await post(server, f"/v1/participants/{who.participant_id}/mute", body)


async def mute_host(server, meeting: str, who: MeetingClient) -> None:
    await by_host(server, meeting, who, muted=True)


async def mute_one(server, meeting: str, who: MeetingClient) -> None:
    body = {"participant_ids": [who.participant_id], "custom_participant_ids": []}
    await post(server, f"{KIT}/{meeting}/active-session/mute", body)


async def mute_all(server, meeting: str, who: MeetingClient) -> None:
    await post(server, f"{KIT}/{meeting}/active-session/mute-all", {"allow_unmute": True})


async def mute_all_for_good(server, meeting: str, who: MeetingClient) -> None:
    await post(server, f"{KIT}/{meeting}/active-session/mute-all", {"allow_unmute": False})


def muted(client: MeetingClient, who: MeetingClient) -> bool:
    return client.roster[who.participant_id]["tracks"][0]["muted"]


@pytest.mark.parametrize(
    ("mute", "released"),
    [(mute_host, False), (mute_one, True), (mute_all, True), (mute_all_for_good, False)],
)
async def test_no_packet_of_theirs_is_forwarded_until_they_speak_again(
    server, meeting, mute, released
):
    async with (
        MeetingClient.join(server.base_url, meeting, tone=None) as ada,
        MeetingClient.join(server.base_url, meeting, name="Bob", tone=880) as bob,
    ):
        _ = await ada.hears(880)
        listening, speaking = ada.peer.count_packets(), bob.peer.count_packets()
        await until(lambda: listening.received > WINDOW)

        await mute(server, meeting, bob)
        await ada.wait(lambda client: muted(client, bob))
        await nothing_passes(listening, speaking)

        if not released:
            await bob.send("publish", source="microphone", muted=False)
            refused = await bob.wait_for("error")
            assert refused["code"] == "muted_by_host"
            await nothing_passes(listening, speaking)
            known = len(bob.events)
            await by_host(server, meeting, bob, muted=False)
            _ = await bob.wait_for("muted", after=known, muted=False)
            assert muted(ada, bob)  # nobody's microphone is opened by somebody else
        await bob.send("publish", source="microphone", muted=False)
        before = listening.received
        await until(lambda: listening.received > before + WINDOW)
        for ear in ada.peer.ears.values():
            ear.forget()
        _ = await ada.hears(880)


async def nothing_passes(listening, speaking) -> None:
    """While the client that was muted goes on sending."""
    sent = speaking.sent
    await until(lambda: speaking.sent > sent + 2)  # what was under way has arrived
    received, sent = listening.received, speaking.sent
    await until(lambda: speaking.sent > sent + WINDOW)
    assert listening.received == received
