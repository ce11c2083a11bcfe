"""A bot's transcript on its own clock, and what is left when it is erased."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from support.bots import ended, playing, wish
from support.domain import entries, occupied
from support.opus_tone import tone_packets
from support.wait import until

from media.types import TrackSource
from server.connectors.port import Admitted, BotEnd, Ended, Failed, FailureCode, RecordingBegan
from server.records import Bot
from server.services import bot_run
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
        await app.bots.work.transcribe_again(BotJournal(bot, app.bots.ledger, app.clock))


async def test_what_was_said_is_erased_unless_another_bot_heard_it(app: App, bot: Bot):
    await app.bots.work.erase(bot, 1)
    assert await app.bots.work.transcript(bot)
    await app.bots.work.erase(bot, 0)
    assert await app.bots.work.transcript(bot) == []


async def recording(app: App) -> str:
    """A second of somebody's voice is being recorded."""
    app.recordings.announce = lambda *_: None
    of = await app.meetings.create(CreateMeeting(), account="default", by=None)
    session, person, link, facts = occupied(of)
    for entry in entries(session, facts):
        app.tracker.append(entry)
    made = (await app.recordings.start(of.id, None)).id
    _, tap = app.engine.taps[0]
    track = tap.open_track(person.id, person.name, TrackSource.MICROPHONE, link.id, 1)
    for number, payload in enumerate(tone_packets(1.0)):
        app.clock.advance(0.02)
        track.rtp(app.clock.monotonic_ns(), number, number * 960, payload)
    track.close()
    return made


@pytest.fixture
async def recorder(app: App) -> Bot:
    """One that recorded a second of somebody's voice, and is out."""
    made = await recording(app)
    _ = await app.recordings.stop(made, None)
    view = await app.recordings.finished(made)
    bots = playing(app, [(0, Admitted()), (0, Ended(BotEnd.MEETING_ENDED))])
    bot = await ended(bots, (await bots.create(wish()))[0].id)
    bot = dataclasses.replace(
        bot, session_id=view.session_id, recording_id=view.id, own_recording=True
    )
    await app.storage.save_record(bot)
    return bot


def transcribing(app: App, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A transcription that ends when the event is set."""
    go = asyncio.Event()

    async def run(_request, tell):
        tell(0.5)
        await go.wait()
        return {"segments": []}

    monkeypatch.setattr(app.recorded_transcripts._workers, "run", run)
    return go


async def test_a_bot_is_erased_with_its_files(app: App, recorder: Bot):
    directory = app.settings.recordings_directory / recorder.recording_id
    assert list(directory.glob("*.ogg"))
    await app.bots.erase(recorder)
    assert not directory.exists()
    with pytest.raises(Refused):
        await app.recordings.get(recorder.recording_id)


async def test_somebody_elses_recording_is_not_erased(app: App, recorder: Bot):
    await app.storage.save_record(dataclasses.replace(recorder, own_recording=False))
    await app.bots.erase(recorder)
    assert (await app.recordings.get(recorder.recording_id)).files


async def test_files_that_take_long_are_counted_after_the_bots_end(app: App, monkeypatch):
    monkeypatch.setattr(bot_run, "FILES_SECONDS", 0.0)
    made = await recording(app)
    stay = [(0, Admitted()), (0, RecordingBegan(made)), (0, Ended(BotEnd.MEETING_ENDED))]
    bots = playing(app, stay)
    bot = await ended(bots, (await bots.create(wish()))[0].id)
    assert bot.details["recording"] == "finalizing"
    _ = await app.recordings.stop(made, None)
    await until(lambda: bot.id not in bots._after)
    counted = (await bots.get(bot.id)).details
    assert (counted["recording"], counted["files"]) == ("completed", 1)
    assert counted["bytes"] > 0


async def test_a_recording_that_was_deleted_meanwhile_fails_no_bot(app: App, recorder: Bot):
    await app.recordings.delete(recorder.recording_id, "host")
    journal = BotJournal(recorder, app.bots.ledger, app.clock)
    await app.bots.work.finish(journal)
    assert journal.bot.details["recording"] == "failed"
    assert journal.bot.details["warnings"] == ["recording_not_found"]


async def test_labels_given_while_it_is_transcribed_again_stay(
    app: App, recorder: Bot, monkeypatch
):
    go = transcribing(app, monkeypatch)
    again = await app.bots.transcribe_again(recorder)
    assert again.details["transcription"] == "processing"
    await app.bots.label(recorder, {"0": "Ann"})
    go.set()
    await until(lambda: recorder.id not in app.bots._after)
    details = (await app.bots.get(recorder.id)).details
    assert (details["transcription"], details["labels"]) == ("completed", {"0": "Ann"})


async def test_a_bot_erased_while_it_is_transcribed_again_does_not_come_back(
    app: App, recorder: Bot, monkeypatch
):
    go = transcribing(app, monkeypatch)
    await app.bots.transcribe_again(recorder)
    await app.bots.erase(recorder)
    go.set()
    assert recorder.recording_id not in app.recorded_transcripts._tasks
    assert recorder.id not in app.bots._after
    with pytest.raises(Refused):
        await app.bots.get(recorder.id)
