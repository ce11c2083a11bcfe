import dataclasses

import pytest
from support.domain import entries, occupied

from media.captions.port import Caption, CaptionFigures, CaptionSpec
from media.captions.speech import TranscriberUnavailableError, Word
from server.services.context import App
from server.services.transcripts import TranscriptsService
from server.services.views import CreateMeeting
from signaling.errors import Refused
from signaling.log import CaptionAdded, LogEntry
from signaling.model import CaptionLine, CaptionPolicy, CaptionsNotice, CaptionState, CaptionWord


class Captioners:
    """Makes captions of nothing."""

    def __init__(self) -> None:
        self.broken = False
        self.specs: list[CaptionSpec] = []
        self.stopped = 0

    async def caption(self, spec, listener):
        if self.broken:
            raise TranscriberUnavailableError("no model", "Get one.")
        self.specs.append(spec)
        return self

    async def stop(self):
        self.stopped += 1

    def figures(self):
        return CaptionFigures()

    async def close(self):
        pass


class Stage:
    """A live session and its captions."""

    def __init__(self, app: App, of, **settings) -> None:
        self.app, self.meeting, self.makers = app, of, Captioners()
        self.session, self.person, self.link, facts = occupied(of)
        for entry in entries(self.session, facts):
            app.tracker.append(entry)
            self.last = entry
        self.told: list[CaptionsNotice] = []
        self.said: list[CaptionLine] = []
        self.captions = TranscriptsService(
            store=app.storage,
            captioners=self.makers,
            meetings=app.meetings,
            sessions=app.sessions,
            clock=app.clock,
            settings=app.settings.transcription.model_copy(update=settings),
        )
        self.captions.announce = lambda _, notice: self.told.append(notice)
        self.captions.say = lambda _, line: self.said.append(line)


async def stage(app: App, captions: CaptionPolicy = CaptionPolicy.ON, **settings) -> Stage:
    wish = CreateMeeting(captions=captions)
    return Stage(app, await app.meetings.create(wish, account="default", by=None), **settings)


async def test_captions_end_when_nobody_wants_them(app: App):
    one = await stage(app)
    assert one.captions.state(one.session.id) is None
    for owner in ("bot", "host"):
        notice = await one.captions.start(one.meeting.id, owner=owner)
        assert notice.state is CaptionState.RUNNING
    assert (len(one.makers.specs), one.captions.running) == (1, 1)
    await one.captions.stop(one.session.id, "bot")
    assert one.makers.stopped == 0
    await one.captions.stop(one.session.id, "host")
    await one.captions.stop("other", "host")
    await one.captions.stop_all("other")
    assert one.makers.stopped == 1
    assert [notice.state.value for notice in one.told] == ["running", "stopped"]


async def test_a_language_that_is_not_understood_is_never_transcribed(app: App):
    one = await stage(app)
    notice = await one.captions.start(one.meeting.id, "de", owner="bot")
    assert notice.state is CaptionState.UNSUPPORTED_LANGUAGE
    assert one.makers.specs == []


async def test_an_engine_that_cannot_run_is_told_or_refused(app: App):
    one = await stage(app)
    one.makers.broken = True
    notice = await one.captions.start(one.meeting.id, owner="bot")
    assert notice.state is CaptionState.UNAVAILABLE
    assert notice.message == "no model. Get one."
    other = await stage(app, required=True)
    other.makers.broken = True
    with pytest.raises(Refused) as refused:
        await other.captions.start(other.meeting.id, owner="bot")
    assert refused.value.code == "transcription_unavailable"


async def test_policy_decides(app: App):
    off = await stage(app, CaptionPolicy.OFF)
    with pytest.raises(Refused) as refused:
        await off.captions.start(off.meeting.id, owner="api")
    assert refused.value.code == "captions_off"
    auto = await stage(app, CaptionPolicy.AUTO)
    await auto.captions.session_started(auto.meeting, auto.session.id)
    assert auto.captions.running == 1
    await auto.captions.session_ended(auto.meeting.id, auto.session.id)
    assert (auto.captions.running, auto.captions.state(auto.session.id)) == (0, None)
    await off.captions.session_started(off.meeting, off.session.id)
    assert off.captions.running == 0


async def test_nobody_there_nothing_to_caption(app: App):
    made = await app.meetings.create(CreateMeeting(), account="default", by=None)
    with pytest.raises(Refused) as refused:
        await app.transcripts.start(made.id, owner="api")
    assert refused.value.code == "no_active_session"


async def test_what_was_said_is_told_kept_and_forgotten(app: App):
    one = await stage(app)
    caption = Caption(
        id="u1",
        participant_id=one.person.id,
        connection_id=one.link.id,
        name="Ada",
        start=1.0,
        end=2.0,
        text="hello",
        language="en",
        engine="scripted",
        words=(Word("hello", 1.0, 2.0),),
    )
    one.captions.caption_made(one.session.id, caption)
    one.captions.caption_deferred(one.session.id, "u2", 3.0, 4.0)
    assert one.captions.deferred == {one.session.id: 1}
    (line,) = one.said
    assert line.words == (CaptionWord("hello", 1.0, 2.0),)
    number = one.last.sequence + 1
    fact = dataclasses.replace(one.last, sequence=number, fact=CaptionAdded(line))
    assert isinstance(fact, LogEntry)
    app.tracker.append(fact)
    (kept,) = await one.captions.of_session(one.session.id)
    assert (kept.text, kept.name, kept.start, len(kept.words)) == ("hello", "Ada", 1.0, 1)
    assert await one.captions.forget(one.session.id) == 1
    told = await app.storage.list_events(one.session.id, after=0, limit=100)
    assert told
    assert "caption.added" not in {entry.type for entry in told}


async def test_closing_ends_every_session(app: App):
    one = await stage(app)
    _ = await one.captions.start(one.meeting.id, owner="bot")
    await one.captions.close()
    assert one.makers.stopped == 1
