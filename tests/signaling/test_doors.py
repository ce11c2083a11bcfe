"""People at a meeting's door: who must wait, who sees them, how it ends, and what it never does."""

import asyncio
from dataclasses import replace

import pytest
from support.signaling import MEETING, Client, MemoryOutbox, World

from signaling.doors import WAITING_LIMIT, Visit
from signaling.errors import Refused
from signaling.model import MeetingStatus, Permissions, WaitingRoom, Waits
from signaling.ports import JoinRequest

GUARDED = replace(MEETING, waiting_room=WaitingRoom.ON)
ACCEPTED = Permissions(waits=Waits.UNTIL_ADMITTED)
AFTER_HOST = Permissions(waits=Waits.UNTIL_HOST)


class AtTheDoor:
    """Somebody whose join has not been answered yet."""

    def __init__(self, world: World, name: str, token: str | None, resume: str | None) -> None:
        self.world, self.outbox = world, MemoryOutbox()
        request = JoinRequest("m1", token, name, resume)
        self.joining = asyncio.create_task(
            world.live.join(request, protocol="websocket", outbox=self.outbox, attend=Visit.decided)
        )

    async def inside(self) -> Client:
        live = await self.joining
        self.outbox.messages = [one for one in self.outbox.messages if one.type != "waiting"]
        return Client(self.world, live, self.outbox)

    async def refusal(self) -> str:
        with pytest.raises(Refused) as caught:
            await self.joining
        return caught.value.code


async def knock(
    world: World, name: str, token: str | None = None, resume: str | None = None
) -> AtTheDoor:
    visitor = AtTheDoor(world, name, token, resume)
    for _ in range(3):  # the gate, the door
        await asyncio.sleep(0)
    return visitor


def waiting(client: Client) -> list[str]:
    """Whom the last word about the door names."""
    told = client.outbox.of("visitors")
    return [one.name for one in (told[-1].visitors if told else client.welcome.visitors)]


def visitor_id(world: World, index: int = 0) -> str:
    return world.live.visitors("m1")[index].id


@pytest.fixture
async def host(world) -> Client:
    world.gate.meeting = GUARDED
    return (await world.join("Ada", token="host")).connects()


class TestWhoWaits:
    async def test_a_guest_of_a_guarded_meeting_and_counts_nowhere(self, world, host):
        facts, rooms = len(world.log.entries), len(list(world.session().connections()))
        bob = await knock(world, "Bob")
        told = bob.outbox.of("waiting")[0]
        assert (told.name, told.meeting.title, told.seconds) == ("Bob", "Standup", 1800)
        assert not bob.joining.done()
        assert len(world.log.entries) == facts
        assert len(list(world.session().connections())) == rooms
        assert [one.name for one in world.live.visitors("m1")] == ["Bob"]

    async def test_a_host_never(self, host):
        assert host.welcome.you.role == "host"

    async def test_without_opening_a_session(self, world):
        world.gate.meeting = GUARDED
        await knock(world, "Bob")
        assert world.session() is None
        assert world.log.entries == []

    async def test_an_observer_too(self, world, host):
        olga = await knock(world, "Olga", "observer")
        assert olga.outbox.of("waiting")

    async def test_an_open_meeting_keeps_nobody(self, world):
        bob = await knock(world, "Bob")
        assert (await bob.inside()).welcome.you.name == "Bob"

    async def test_a_client_that_cannot_wait_is_refused(self, world, host):
        with pytest.raises(Refused) as caught:
            await world.join("Phone", protocol="whip")
        assert caught.value.code == "waiting_room"

    async def test_an_invitation_s_word_goes_before_the_meeting_s(self, world, host):
        world.gate.grants["free"] = Permissions()
        free = await knock(world, "Bob", "free")
        await free.inside()
        world.gate.meeting = MEETING
        world.gate.grants["asks"] = ACCEPTED
        asks = await knock(world, "Chi", "asks")
        assert asks.outbox.of("waiting")

    async def test_whoever_was_let_in_comes_back_without_asking(self, world, host):
        bob = await knock(world, "Bob")
        host.says('{"type":"admit"}')
        inside = await bob.inside()
        again = await knock(world, "Bob", resume=inside.resume)
        assert (await again.inside()).welcome.you.id == inside.welcome.you.id

    async def test_a_place_in_an_earlier_session_is_no_pass(self, world, host):
        bob = await knock(world, "Bob", resume="earlier/p1")
        assert bob.outbox.of("waiting")

    async def test_people_of_a_session_cut_off_come_in_once_it_goes_on(self, world):
        world.gate.meeting = GUARDED
        bob = await knock(world, "Bob", resume="cut/p1")
        assert bob.outbox.of("waiting")
        world.gate.grants["cut/host"] = Permissions(admit=True)
        await world.join("Ada", resume="cut/host")
        assert (await bob.inside()).welcome.you.name == "Somebody"


class TestWhoSees:
    async def test_hosts_are_told_of_every_change_and_in_their_welcome(self, world, host):
        assert waiting(host) == []
        bob = await knock(world, "Bob")
        assert waiting(host) == ["Bob"]
        second = await world.join("Eve", token="host")
        assert [one.name for one in second.welcome.visitors] == ["Bob"]
        bob.joining.cancel()
        await asyncio.wait({bob.joining})
        assert waiting(host) == []

    async def test_others_are_not(self, world, host):
        world.gate.grants["free"] = Permissions()
        chi = await world.join("Chi", token="free")
        await knock(world, "Bob")
        assert chi.welcome.visitors == []
        assert chi.outbox.of("visitors") == []

    async def test_a_right_that_comes_and_goes_shows_and_hides_them(self, world, host):
        world.gate.grants["i1"] = Permissions()
        chi = await world.join("Chi", token="i1")
        await knock(world, "Bob")
        world.live.permit("i1", Permissions(admit=True))
        assert waiting(chi) == ["Bob"]
        world.live.permit("i1", Permissions())
        assert waiting(chi) == []


class TestDeciding:
    async def test_let_in(self, world, host):
        bob, chi = await knock(world, "Bob"), await knock(world, "Chi")
        host.says(f'{{"type":"admit","visitor":"{visitor_id(world)}"}}')
        inside = await bob.inside()
        assert inside.welcome.you.role == "participant"
        assert not chi.joining.done()
        assert waiting(host) == ["Chi"]
        assert [one.name for one in host.outbox.of("roster")[-1].joined] == ["Bob"]

    async def test_all_at_once(self, world, host):
        bob, chi = await knock(world, "Bob"), await knock(world, "Chi")
        told = len(host.outbox.of("visitors"))
        host.says('{"type":"admit"}')
        assert [one.visitors for one in host.outbox.of("visitors")[told:]] == [[]]
        await bob.inside()
        await chi.inside()
        assert world.live.visitors("m1") == []

    async def test_turned_away_and_free_to_ask_again(self, world, host):
        bob = await knock(world, "Bob")
        host.says(f'{{"type":"refuse","visitor":"{visitor_id(world)}"}}')
        assert await bob.refusal() == "join_refused"
        assert (await knock(world, "Bob")).outbox.of("waiting")

    async def test_only_by_those_who_may(self, world, host):
        world.gate.grants["free"] = Permissions()
        chi = await world.join("Chi", token="free")
        bob = await knock(world, "Bob")
        chi.says('{"type":"admit"}')
        chi.says(f'{{"type":"refuse","visitor":"{visitor_id(world)}"}}')
        assert chi.errors() == ["forbidden", "forbidden"]
        assert not bob.joining.done()

    async def test_of_somebody_who_is_not_there(self, world, host):
        host.says('{"type":"admit","visitor":"nobody"}')
        host.says('{"type":"refuse","visitor":"nobody"}')
        assert host.errors() == ["not_found", "not_found"]

    async def test_from_outside(self, world, host):
        bob, chi = await knock(world, "Bob"), await knock(world, "Chi")
        world.live.turn_away("m1", visitor_id(world, 1), "key")
        assert world.live.let_in("m1", None, "key") == 1
        await bob.inside()
        assert await chi.refusal() == "join_refused"


class TestUntilAHostIsThere:
    async def test_they_come_in_with_the_host(self, world):
        world.gate.grants["later"] = AFTER_HOST
        bob = await knock(world, "Bob", "later")
        ada = await world.join("Ada", token="host")
        assert not bob.joining.done()
        ada.connects()
        await bob.inside()

    async def test_nobody_waits_while_one_is_there(self, world, host):
        world.gate.grants["later"] = AFTER_HOST
        await (await knock(world, "Bob", "later")).inside()

    async def test_a_host_who_is_only_connecting_is_not_there(self, world):
        world.gate.grants["later"] = AFTER_HOST
        await world.join("Ada", token="host")
        assert (await knock(world, "Bob", "later")).outbox.of("waiting")

    async def test_somebody_inside_who_may_admit_from_now_on_is_one(self, world):
        world.gate.grants["i1"] = Permissions()
        (await world.join("Chi", token="i1")).connects()
        world.gate.grants["later"] = AFTER_HOST
        bob = await knock(world, "Bob", "later")
        assert not bob.joining.done()
        world.live.permit("i1", Permissions(admit=True))
        await bob.inside()

    async def test_a_change_of_what_is_waited_for_counts_at_once(self, world, host):
        world.gate.grants["i1"] = ACCEPTED
        bob = await knock(world, "Bob", "i1")
        world.live.permit("i1", AFTER_HOST)
        await bob.inside()
        chi = await knock(world, "Chi", "i1")
        assert chi.outbox.of("waiting")
        world.live.permit("i1", Permissions())
        await chi.inside()


class TestEnding:
    async def test_in_time(self, world, host):
        bob = await knock(world, "Bob")
        world.schedule.advance(1800)
        assert await bob.refusal() == "wait_timed_out"
        assert world.live.visitors("m1") == []

    async def test_with_the_meeting(self, world, host):
        bob = await knock(world, "Bob")
        await world.live.end_meeting("m1", None)
        assert await bob.refusal() == "meeting_ended"

    async def test_but_not_with_a_session_that_emptied(self, world, host):
        bob = await knock(world, "Bob")
        host.live.leave()
        world.schedule.advance(61)
        assert world.session() is None
        assert not bob.joining.done()

    async def test_with_the_server(self, world, host):
        bob = await knock(world, "Bob")
        await world.live.stop()
        assert await bob.refusal() == "server_draining"

    async def test_with_the_client(self, world, host):
        bob = await knock(world, "Bob")
        bob.joining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bob.joining
        assert world.live.visitors("m1") == []

    async def test_with_the_same_token_on_another_page(self, world, host):
        first, second = await knock(world, "Bob", "id:p1"), await knock(world, "Bob", "id:p1")
        assert await first.refusal() == "replaced"
        assert not second.joining.done()

    async def test_a_meeting_closed_meanwhile_stays_closed(self, world, host):
        bob = await knock(world, "Bob")
        world.gate.meeting = replace(GUARDED, status=MeetingStatus.INACTIVE)
        host.says('{"type":"admit"}')
        assert await bob.refusal() == "meeting_inactive"

    async def test_a_meeting_that_filled_meanwhile_is_full(self, world, host):
        world.gate.meeting = replace(GUARDED, max_participants=1)
        bob = await knock(world, "Bob")
        host.says('{"type":"admit"}')
        assert await bob.refusal() == "meeting_full"

    async def test_somebody_kicked_is_not_even_asked_about(self, world, host):
        world.gate.grants["id:p1"] = Permissions()
        kicked = await world.join("Bob", token="id:p1")
        host.says(f'{{"type":"kick","participant":"{kicked.id}"}}')
        again = await knock(world, "Bob", "id:p1")
        assert await again.refusal() == "kicked"

    async def test_somebody_kicked_while_another_page_of_theirs_waits(self, world, host):
        world.gate.grants["id:p1"] = Permissions()
        inside = await world.join("Bob", token="id:p1")
        world.gate.grants["id:p1"] = ACCEPTED
        other = await knock(world, "Bob", "id:p1")
        host.says(f'{{"type":"kick","participant":"{inside.id}"}}')
        host.says('{"type":"admit"}')
        assert await other.refusal() == "kicked"


async def test_a_door_has_an_end(world, host):
    people = [await knock(world, f"P{n}") for n in range(WAITING_LIMIT)]
    late = await knock(world, "Late")
    assert await late.refusal() == "meeting_full"
    await world.live.end_meeting("m1", None)
    assert {await one.refusal() for one in people} == {"meeting_ended"}
