"""A bot's transcript on its own clock, and what is left when it is erased."""

import dataclasses
from datetime import timedelta

import pytest
from support.bots import ended, playing, wish
from support.domain import entries, occupied

from server.connectors.port import Failed, FailureCode
from server.records import Bot
from server.services.bot_journal import BotJournal
from server.services.context import App
from server.services.views import CreateMeeting
from server.storage.port import BotQuery
from signaling.errors import Refused
from signaling.log import CaptionAdded
from signaling.model import CaptionLine, CaptionWord


@pytest.fixture
async def bot(app: App) -> Bot:
    """One that sat in a session from its tenth second on, for a minute."""
    of = await app.meetings.create(CreateMeeting(), account="default", by=None)
    session, person, link, facts = occupied(of)
    for entry in entries(session, facts):
        app.tracker.append(entry)
    for number, start in enumerate((1.0, 12.0, 100.0), 1):
        line = CaptionLine(
            id=f"u{number}",
            participant_id=person.id,
            connection_id=link.id,
            name="Ada",
            start=start,
            end=start + 2,
            text="hello there",
            language="en",
            engine="null",
            words=(CaptionWord("hello", start, start + 1),),
        )
        fact = CaptionAdded(line)
        app.tracker.append(dataclasses.replace(entry, sequence=entry.sequence + number, fact=fact))
    bots = playing(app, [(0, Failed(FailureCode.JOIN_FAILED, "no"))])
    made = await ended(bots, (await bots.create(wish()))[0].id)
    live = (await app.sessions.get(session.id)).session
    assert live.started_at is not None
    made = dataclasses.replace(
        made,
        transcribe=True,
        joined_at=live.started_at + timedelta(seconds=10),
        duration_seconds=60.0,
        session_id=session.id,
        session_offset=-10.0,
    )
    await app.storage.save_record(made)
    return made


async def test_a_transcript_counts_from_joining_and_has_only_what_it_heard(app: App, bot: Bot):
    (said,) = await app.bots.work.transcript(bot)
    assert (said.start, said.end) == (2.0, 4.0)
    assert said.words[0]["start"] == 2.0
    assert await app.bots.work.transcript(dataclasses.replace(bot, transcribe=False)) == []


async def test_speech_is_added_up_where_it_lies(app: App, bot: Bot):
    await app.sessions.settle()
    (row,) = await app.storage.bot_speech(BotQuery("default"))
    assert (row["speaker"], row["seconds"], row["words"], row["segments"]) == ("Ada", 2.0, 2, 1)
    languages, tenths = await app.storage.bot_speech_spread(BotQuery("default"))
    assert (languages, tenths) == ([{"language": "en", "count": 1}], [])
    assert await app.storage.bot_speech(BotQuery("another")) == []


async def test_a_bot_without_recording_has_no_mix_and_no_second_transcript(app: App, bot: Bot):
    assert await app.bots.work.mix(bot) is None
    assert await app.bots.work.mix(dataclasses.replace(bot, recording_id="nope")) is None
    with pytest.raises(Refused):
        await app.bots.work.transcribe_again(BotJournal(bot, app.storage, app.clock))


async def test_what_was_said_is_erased_unless_another_bot_heard_it(app: App, bot: Bot):
    await app.bots.work.erase(bot, 1)
    assert await app.bots.work.transcript(bot)
    await app.bots.work.erase(bot, 0)
    assert await app.bots.work.transcript(bot) == []
