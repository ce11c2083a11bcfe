"""What presets permit, refused or dropped by the server: every right through real joins."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from cloudflare import AsyncCloudflare
from support.rtc_client import MeetingClient, RefusedError
from support.server_process import ServerProcess

WHERE: dict[str, Any] = {"account_id": "acc", "app_id": "rights"}
SILENT = {"can_produce": "NOT_ALLOWED"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("rights") / "data") as running:
        yield running


class House:
    """A meeting that people enter with presets made for them."""

    def __init__(self, server: ServerProcess, kit: Any, stack: AsyncExitStack) -> None:
        self.server, self.kit, self.stack = server, kit, stack
        self.meeting = ""

    async def invite(self, name: str, **permissions: Any) -> Any:
        """A participant whose preset says this, and else what the default says."""
        await self.kit.presets.create(
            name=f"{self.meeting} {name}", config={}, ui={}, permissions=permissions, **WHERE
        )
        made = await self.kit.meetings.add_participant(
            meeting_id=self.meeting,
            custom_participant_id=name,
            preset_name=f"{self.meeting} {name}",
            name=name,
            **WHERE,
        )
        return made.data

    def client(self, invited: Any, **how: Any) -> MeetingClient:
        how = {"tone": None} | how
        return MeetingClient.join(
            self.server.base_url, self.meeting, token=invited.token, name=None, **how
        )

    async def enter(self, invited: Any, **how: Any) -> MeetingClient:
        return await self.stack.enter_async_context(self.client(invited, **how))


@pytest.fixture
async def house(server: ServerProcess) -> AsyncIterator[House]:
    client = AsyncCloudflare(api_token="rt_dev", base_url=server.base_url, max_retries=0)
    async with client, AsyncExitStack() as stack:
        made = House(server, client.realtime_kit, stack)
        made.meeting = (await made.kit.meetings.create(**WHERE)).data.id
        yield made


async def refused(person: MeetingClient, kind: str, **members: Any) -> None:
    """The server refuses a message as forbidden."""
    known = len(person.events)
    await person.send(kind, **members)
    error = await person.wait_for("error", after=known, in_reply_to=kind)
    assert error["code"] == "forbidden"


async def told(person: MeetingClient, kind: str) -> dict[str, Any]:
    """The first message of a kind, whatever was refused before it."""
    found = [event for event in person.events if event["type"] == kind]
    if not found:
        return await person.wait_for(kind, after=len(person.events))
    return found[0]


def carried(listener: MeetingClient) -> set[str]:
    """Whose media the listener's slots have carried; a paused one carries nothing."""
    seen = [event for event in listener.events if event["type"] in ("slots", "answer")]
    slots = [slot for event in seen for slot in event["slots"] if not slot["paused"]]
    return {slot["participant"] for slot in slots} - {None}


async def test_a_microphone_that_may_not_be_heard(house: House):
    quiet = await house.invite("quiet", media={"audio": SILENT})
    listener = await house.enter(await house.invite("listener"))
    muted = await house.enter(quiet, tone=440)
    await house.enter(await house.invite("loud"), tone=880)
    await listener.hears(880)
    track = listener.roster[muted.participant_id]["tracks"][0]
    assert (track["source"], track["muted"]) == ("microphone", True)
    assert muted.participant_id not in carried(listener)
    await refused(muted, "publish", source="microphone", muted=False)


@pytest.mark.parametrize(("kind", "source"), [("video", "camera"), ("screenshare", "screen")])
async def test_pictures_that_may_not_be_seen(house: House, kind: str, source: str):
    hidden = await house.invite("hidden", media={kind: SILENT})
    listener = await house.enter(await house.invite("listener"), video_slots=2)
    sender = house.client(hidden, camera=True)
    sender.peer.show_as(source)
    sender = await house.stack.enter_async_context(sender)
    shown = await house.enter(await house.invite("shown"), camera=True)
    tiles = [
        {"participant": one.participant_id, "source": what, "width": 160, "height": 120}
        for one, what in ((sender, source), (shown, "camera"))
    ]
    await listener.send("view", tiles=tiles)
    await listener.sees()
    track = listener.roster[sender.participant_id]["tracks"][0]
    assert (track["source"], track["muted"]) == (source, True)
    assert sender.participant_id not in carried(listener)
    its = [s["mid"] for s in listener.slots.values() if s["participant"] == sender.participant_id]
    assert [ear.frames for mid, ear in listener.peer.ears.items() if mid in its] == [0] * len(its)
    await refused(sender, "publish", source=source, muted=False)


async def test_chat(house: House):
    silent = {"public": {"can_send": False, "text": True, "files": True}}
    mute = await house.enter(await house.invite("mute", chat=silent), connect=False)
    other = await house.enter(await house.invite("other"), connect=False)
    await refused(mute, "chat", text="may I?")
    await other.send("chat", text="I may")
    lines = await told(mute, "chat")
    assert lines["message"]["text"] == "I may"
    assert [one for one in other.events if one["type"] == "chat"] == [lines]


async def test_recording(house: House):
    plain = await house.enter(await house.invite("plain"))
    clerk = await house.enter(await house.invite("clerk", can_record=True))
    await refused(plain, "record", action="start")
    await clerk.send("record", action="start")
    started = await told(plain, "recording")
    assert started["recording"]["started_by"] == clerk.participant_id
    await refused(plain, "record", action="stop")
    await clerk.send("record", action="stop")


async def test_removing_and_ending(house: House):
    plain = await house.enter(await house.invite("plain"), connect=False)
    bouncer = await house.enter(await house.invite("bouncer", kick_participant=True), connect=False)
    await refused(plain, "kick", participant=bouncer.participant_id)
    await refused(plain, "end")
    await bouncer.send("kick", participant=plain.participant_id)
    goodbye = await told(plain, "goodbye")
    assert goodbye["reason"] == "kicked"
    await bouncer.send("end")
    goodbye = await told(bouncer, "goodbye")
    assert goodbye["reason"] == "meeting_ended"


async def test_muting_others(house: House):
    plain = await house.enter(await house.invite("plain"), connect=False)
    right = await house.invite("chair", disable_participant_audio=True)
    chair = await house.enter(right, connect=False)
    wish = {"source": "microphone", "muted": True}
    await refused(plain, "mute", participant=chair.participant_id, **wish)
    await chair.send("mute", participant=plain.participant_id, **wish)
    muted = await told(plain, "muted")
    assert (muted["source"], muted["by"]) == ("microphone", chair.participant_id)


async def test_each_guest_must_be_accepted(house: House):
    host = await house.enter(await house.invite("host", accept_waiting_requests=True))
    asks = {"waiting_room_type": "SKIP_ON_ACCEPT"}
    guests = [house.client(await house.invite(name, **asks)) for name in ("first", "second")]
    doors = [asyncio.create_task(guest.__aenter__()) for guest in guests]
    await host.wait(lambda client: len(visitors(client)) == 2)
    found = await house.kit.active_session.get_active_session(meeting_id=house.meeting, **WHERE)
    assert (found.data.live_participants, found.data.max_concurrent_participants) == (1, 1)
    by_name = {one["name"]: one["id"] for one in visitors(host)}
    await host.send("refuse", visitor=by_name["second"])
    with pytest.raises(RefusedError, match="join_refused"):
        await doors[1]
    await host.send("admit", visitor=by_name["first"])
    inside = await doors[0]
    house.stack.push_async_exit(inside)
    assert inside.me["name"] == "first"
    rows = await house.kit.sessions.get_session_participants(session_id=found.data.id, **WHERE)
    assert [row.custom_participant_id for row in rows.data.participants] == ["host", "first"]


async def test_some_wait_only_until_a_host_is_there(house: House):
    waits = {"waiting_room_type": "ON_PRIVILEGED_USER_ENTRY"}
    early = house.client(await house.invite("early", **waits))
    door = asyncio.create_task(early.__aenter__())
    await early.wait(lambda client: any(one["type"] == "waiting" for one in client.events))
    await house.enter(await house.invite("host", accept_waiting_requests=True))
    inside = await door
    house.stack.push_async_exit(inside)
    assert inside.me["name"] == "early"


def visitors(host: MeetingClient) -> list[dict[str, Any]]:
    heard = [event for event in host.events if event["type"] in ("visitors", "welcome")]
    return heard[-1]["visitors"]
