"""How many bots, what repeats itself, what a crash leaves, what is erased."""

import dataclasses
from datetime import timedelta

import pytest
from support.bots import ended, playing, seen, status, stored, wish
from support.domain import NOW, entries, session

from server.config import BotsSettings
from server.connectors.port import Admitted, Failed, FailureCode, PersonJoined
from server.records import BotPerson
from server.services.bots import limits_of
from server.services.context import App
from server.services.views import CreateMeeting
from signaling.errors import Refused
from signaling.ids import new_id
from signaling.log import SessionChanged
from signaling.model import SessionState

STAYS = ((0, Admitted()), (0, PersonJoined("p1", "Ann")))

CRASHED = stored(status="recording", joined_at=NOW)


def other(number: int) -> str:
    return f"https://zoom.us/j/{1_000_000 + number}"


async def test_the_limit_is_of_each_account(running):
    async with running(bots={"max_active": 1}) as app:
        bots = playing(app, STAYS, STAYS)
        await bots.create(wish())
        with pytest.raises(Refused) as refused:
            await bots.create(wish(other(1)))
        assert refused.value.code == "bot_limit_reached"
        await bots.create(wish(other(1), account="another"))
        assert bots.active == 2


async def test_a_hundred_bots_start_at_once(running):
    async with running(bots={"max_active": 100}) as app:
        bots = playing(app, *[STAYS] * 100)
        made = [(await bots.create(wish(other(number))))[0] for number in range(100)]
        for bot in made:
            await seen(bots, bot.id, status("active"))
        with pytest.raises(Refused):
            await bots.create(wish(other(100)))
        for bot in made:
            assert (await bots.stop(bot)).end_reason == "stopped"
        assert bots.active == 0


async def test_a_wish_repeats_itself_for_a_minute_word_for_word(app: App):
    bots = playing(app, STAYS)
    first, repeated = await bots.create(wish(request={"a": 1}))
    assert not repeated
    same, repeated = await bots.create(wish(request={"a": 1}))
    assert (same.id, repeated) == (first.id, True)
    with pytest.raises(Refused) as refused:
        await bots.create(wish(request={"a": 2}))
    assert refused.value.data == {"bot_id": first.id}
    app.clock.advance(61)
    with pytest.raises(Refused):
        await bots.create(wish(request={"a": 1}))


async def test_a_key_names_a_wish_for_a_day(app: App):
    bots = playing(app, STAYS)
    first, _ = await bots.create(wish(key="k"))
    await bots.stop(first)
    app.clock.advance(24 * 3600 - 1)
    same, repeated = await bots.create(wish(key="k"))
    assert (same.id, repeated) == (first.id, True)
    app.clock.advance(1)
    another, repeated = await bots.create(wish(key="k"))
    assert another.id != first.id
    assert not repeated


async def test_what_a_crash_left_has_failed_with_a_clear_code(app: App):
    bot = CRASHED
    await app.storage.save_record(bot)
    await app.storage.save_record(BotPerson(new_id(), bot.id, "p1", "Ann", NOW))
    await app.bots.recover()
    found = await app.bots.get(bot.id)
    assert (found.status, found.error_code) == ("failed", "SERVER_RESTARTED")
    assert (await app.bots.people(bot.id))[0].left_at is not None
    assert await app.bots.unfinished("default") == []


async def test_a_bot_that_a_crash_ended_stayed_as_long_as_its_session(app: App):
    of = await app.meetings.create(CreateMeeting(), account="default", by=None)
    ended_at = NOW + timedelta(minutes=5)
    over = session(of, state=SessionState.ENDED, ended_at=ended_at)
    for entry in entries(over, [SessionChanged(over)]):
        app.tracker.append(entry)
    await app.tracker.flush()
    bot = dataclasses.replace(CRASHED, session_id=over.id)
    await app.storage.save_record(bot)
    await app.storage.save_record(BotPerson(new_id(), bot.id, "p1", "Ann", NOW))
    app.clock.advance(86_400)
    await app.bots.recover()
    found = await app.bots.get(bot.id)
    assert (found.left_at, found.duration_seconds) == (ended_at, 300.0)
    assert (await app.bots.people(bot.id))[0].left_at == ended_at


async def test_an_erased_bot_leaves_nothing(app: App):
    bots = playing(app, STAYS)
    bot, _ = await bots.create(wish())
    await seen(bots, bot.id, lambda data: data.get("event") == "joined")
    await bots.erase(bot)
    with pytest.raises(Refused):
        await bots.get(bot.id)
    assert await bots.people(bot.id) == []
    assert (await app.storage.bot_log(bot.id, limit=10))[1] == 0


async def test_labels_are_added_to_one_another(app: App):
    bots = playing(app, [(0, Failed(FailureCode.JOIN_FAILED, "no"))])
    bot = await ended(bots, (await bots.create(wish()))[0].id)
    bot = await bots.label(bot, {"0": "Ann"})
    bot = await bots.label(bot, {"1": "Bo"})
    assert bot.details["labels"] == {"0": "Ann", "1": "Bo"}


async def test_a_stopping_server_sends_no_bot(app: App):
    await app.bots.close()
    with pytest.raises(Refused) as refused:
        await app.bots.create(wish())
    assert refused.value.code == "server_draining"


def test_the_timers_are_the_operators():
    limits = limits_of(BotsSettings(max_seconds=5))
    assert limits.longest == 5
    assert dataclasses.asdict(limits)["waiting_room"] == 900
