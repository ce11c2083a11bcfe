import dataclasses
from datetime import timedelta

import pytest
from support.domain import entries, occupied, recording, recording_file

from server.services.context import App
from server.services.recorded_transcripts import TranscriptState
from server.services.views import CreateMeeting
from signaling.errors import Refused
from signaling.log import CaptionAdded
from signaling.model import CaptionLine, CaptionWord, RecordingState


@pytest.fixture
async def kept(app: App):
    """A recording that began five seconds into a session in which something was said."""
    of = await app.meetings.create(CreateMeeting(), account="default", by=None)
    session, person, link, facts = occupied(of)
    for entry in entries(session, facts):
        app.tracker.append(entry)
    for number, start in enumerate((1.0, 7.0, 90.0), 1):
        words = (CaptionWord("hello", start, start + 1),)
        line = CaptionLine(
            id=f"u{number}",
            participant_id=person.id,
            connection_id=link.id,
            name="Ada",
            start=start,
            end=start + 1,
            text="hello",
            language="en",
            engine="null",
            words=words,
        )
        sequence = entry.sequence + number
        app.tracker.append(dataclasses.replace(entry, sequence=sequence, fact=CaptionAdded(line)))
    live = (await app.sessions.get(session.id)).session
    begun = live.started_at + timedelta(seconds=5)
    return dataclasses.replace(
        recording(session),
        session_id=session.id,
        started_at=begun,
        duration_seconds=60.0,
        state=RecordingState.READY,
        files=(),
    )


async def test_captions_are_moved_to_the_recordings_clock(app: App, kept):
    (said,) = await app.recorded_transcripts.segments(kept)
    assert (said.start, said.end) == (2.0, 3.0)
    assert said.words[0]["start"] == 2.0
    assert (await app.recorded_transcripts.job(kept)).state is TranscriptState.LIVE


async def test_people_are_called_as_the_recording_calls_them_now(app: App, kept):
    (said,) = await app.recorded_transcripts.segments(kept)
    file = recording_file(kept.id, participant_id=said.participant_id, name="Ada L.")
    (said,) = await app.recorded_transcripts.segments(dataclasses.replace(kept, files=(file,)))
    assert said.name == "Ada L."


async def test_a_recording_without_captions_has_none(app: App, kept):
    other = dataclasses.replace(kept, session_id="0" * 32)
    assert await app.recorded_transcripts.segments(other) == []
    assert (await app.recorded_transcripts.job(other)).state is TranscriptState.NONE


async def test_an_unfinished_recording_and_a_foreign_language_are_refused(app: App, kept):
    running = dataclasses.replace(kept, state=RecordingState.RECORDING)
    for one, language, code in (
        (running, None, "recording_not_ready"),
        (kept, "de", "unsupported_language"),
    ):
        with pytest.raises(Refused) as refused:
            await app.recorded_transcripts.make(one, language)
        assert refused.value.code == code
