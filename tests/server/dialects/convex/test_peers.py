"""Connections of this dialect's clients: how they end, and whose they are."""

import asyncio

import pytest
from support.convex_sync import RefusedError

from media.types import QualityLabel, Reading
from server.dialects.convex import peers
from server.services.views import TokenWish
from signaling.model import EndReason
from signaling.outbox import ClosedOutbox
from signaling.ports import JoinRequest

OFFER = {"type": "offer", "sdp": "v=0 offer"}


@pytest.fixture
async def meeting(whole) -> str:
    return await whole.meeting("ada")


async def offer(member, meeting):
    return await member.call(
        "exchangeSessionDescription", meetingId=meeting, sessionId="tab", description=OFFER
    )


async def test_two_requests_at_once_open_one_connection(whole, meeting):
    ada = whole.member("ada")
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab"))
    assert len(whole.connections()) == 1


async def test_a_connected_one_is_shown_so(whole, meeting):
    ada = whole.member("ada")
    await offer(ada, meeting)
    [connection] = whole.connections()
    whole.engine.up(connection.id)
    [row] = await ada.call("getActiveSessions", meetingId=meeting)
    assert row["state"] == "connected"


async def test_after_its_end_an_offer_opens_another(whole, meeting):
    ada = whole.member("ada")
    await offer(ada, meeting)
    [first] = whole.connections()
    [session] = whole.app.live.sessions()
    session.end(EndReason.MEETING_ENDED)
    assert await ada.call("getActiveSessions", meetingId=meeting) == []
    await offer(ada, meeting)
    [second] = whole.connections()
    assert second.id != first.id


async def test_an_engine_that_says_nothing_is_not_waited_for(whole, meeting, monkeypatch):
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(whole.engine, "answer", never)
    monkeypatch.setattr(peers, "ANSWER_SECONDS", 0.05)
    with pytest.raises(RefusedError, match="UNAVAILABLE"):
        await offer(whole.member("ada"), meeting)


async def test_a_connection_that_ends_while_it_negotiates(whole, meeting, monkeypatch):
    asked = asyncio.Event()

    async def never(*_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(whole.engine, "answer", never)
    ada = whole.member("ada")
    task = asyncio.get_running_loop().create_task(offer(ada, meeting))
    await asked.wait()
    await ada.call("closeSession", meetingId=meeting, sessionId="tab")
    with pytest.raises(RefusedError, match="NOT_FOUND"):
        await task


async def test_a_guest_with_a_join_token_owns_what_it_opens(whole, meeting):
    issued = await whole.app.meetings.issue_token(meeting, TokenWish(name="Gast"))
    guest = whole.member("unused")
    guest.token = issued.token
    await offer(guest, meeting)
    [row] = await guest.call("getActiveSessions", meetingId=meeting)
    assert row["user"]["displayName"] == "Gast"
    await guest.call("closeSession", meetingId=meeting, sessionId="tab")
    assert await guest.call("getActiveSessions", meetingId=meeting) == []


async def test_the_servers_own_judgement_wins(whole, meeting):
    ada = whole.member("ada")
    await offer(ada, meeting)
    [connection] = whole.connections()
    whole.engine.up(connection.id)
    good = Reading(QualityLabel.GOOD, 80.0, "delay", 0.0, 120.0, 3.0)
    whole.engine.listeners[connection.id].quality_changed(connection.id, good)
    stats = {"packetLoss": 9, "latency": 0, "jitter": 0, "bitrate": 1e6}
    await ada.call("monitorConnectionQuality", meetingId=meeting, sessionId="tab", stats=stats)
    [row] = await ada.call("getActiveSessions", meetingId=meeting)
    assert row["connectionQuality"] == "good"


async def test_a_connection_of_another_protocol_takes_no_offers_here(whole, meeting):
    ada = whole.member("ada")
    request = JoinRequest(meeting=meeting, token=ada.token, name="Ada")
    live = await whole.app.live.join(request, protocol="websocket", outbox=ClosedOutbox())
    with pytest.raises(RefusedError, match="another protocol"):
        await ada.call(
            "exchangeSessionDescription",
            meetingId=meeting,
            sessionId=live.id,
            description=OFFER,
        )
    await ada.call("closeSession", meetingId=meeting, sessionId=live.id)
    assert whole.connections() == []
