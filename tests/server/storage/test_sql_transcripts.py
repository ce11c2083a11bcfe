import dataclasses
from datetime import UTC, datetime

from sqlalchemy import insert
from support.domain import meeting, recording, session

from server.records import TranscriptSegment
from server.storage.rows import to_row
from server.storage.sql import SqlStorage
from server.storage.tables import transcript_segments


def segment(**members) -> TranscriptSegment:
    made = TranscriptSegment(
        id="a",
        session_id="s",
        recording_id="r",
        participant_id="p",
        connection_id="c",
        name="Ada",
        start=1.0,
        end=2.0,
        text="hello",
        words=[{"text": "hello", "start": 1.0, "end": 2.0, "confidence": None}],
        language="en",
        engine="null",
        confidence=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return dataclasses.replace(made, **members)


async def test_segments_come_back_by_time(storage: SqlStorage):
    later = segment(id="b", start=3.0)
    await storage.replace_segments("r", [later, segment()])
    assert await storage.list_segments("s", recording_id="r") == [segment(), later]
    assert await storage.list_segments("s") == []


async def test_a_new_transcription_replaces_the_old(storage: SqlStorage):
    await storage.replace_segments("r", [segment()])
    await storage.replace_segments("other", [segment(id="x", recording_id="other")])
    await storage.replace_segments("r", [segment(id="c", text="hi")])
    assert [one.text for one in await storage.list_segments("s", recording_id="r")] == ["hi"]
    await storage.replace_segments("r", [])
    assert await storage.delete_segments("s") == 1


async def test_which_recordings_are_written_down(storage: SqlStorage):
    again, live, silent = (recording(session(meeting())) for _ in range(3))
    for view in (again, live, silent):
        await storage.save_recording(view)
    made = segment(session_id=again.session_id, recording_id=again.id)
    await storage.replace_segments(again.id, [made])
    said = segment(id="live", session_id=live.session_id, recording_id=None)
    _ = await storage._db.change(insert(transcript_segments).values(to_row(said)))
    assert await storage.transcribed([again, live, silent]) == {again.id, live.id}
    assert await storage.transcribed([]) == set()
