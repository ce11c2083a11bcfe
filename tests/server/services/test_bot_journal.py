"""A bot's record, people and log are stored, and told once."""

from support.bots import playing, wish

from server.connectors.port import Admitted
from server.services import bot_journal
from server.services.bot_journal import BotJournal
from server.services.context import App


async def journal(app: App) -> BotJournal:
    bot, _ = await playing(app, [(0, Admitted())]).create(wish())
    return BotJournal(bot, app.bots.ledger, app.clock)


async def test_a_new_status_is_told_an_old_one_is_not(app: App):
    kept = await journal(app)
    reader = kept.feed.follow("status")
    await kept.change(status="joining")
    await kept.change(status="joining")
    kept.feed.close()
    told = [event.data async for event in reader.events(1)]
    assert [(one["previous"], one["bot"].status) for one in told] == [("initializing", "joining")]


async def test_people_come_once_go_once_and_are_renamed(app: App):
    kept = await journal(app)
    await kept.person_joined("p1", "Ann")
    await kept.person_joined("p1", "Ann")
    await kept.person_renamed("p1", "Anna")
    await kept.person_renamed("nobody", "x")
    await kept.everybody_left()
    await kept.person_left("p1")
    people = await app.bots.people(kept.bot.id)
    assert [who.name for who in people] == ["Ann", "Anna"]
    assert all(who.left_at is not None for who in people)


async def test_details_and_warnings_gather(app: App):
    kept = await journal(app)
    await kept.detail(substatus="waiting_room")
    await kept.warn("disk_full", "No space.")
    await kept.warn("captions_off", "No captions.")
    await kept.detail(substatus=None)
    assert kept.bot.details["warnings"] == ["disk_full", "captions_off"]
    assert "substatus" not in kept.bot.details


async def test_the_log_has_a_bound(app: App, monkeypatch):
    monkeypatch.setattr(bot_journal, "LOG_ENTRIES", 2)
    kept = await journal(app)
    before = (await app.storage.bot_log(kept.bot.id, limit=99))[1]
    for number in range(5):
        await kept.log("connector", "note", str(number))
    await app.bots.ledger.settled()
    entries, _ = await app.storage.bot_log(kept.bot.id, limit=99, level="info")
    assert [one.message for one in entries if one.type == "note"] == ["0", "1"]
    assert before <= len(entries)
