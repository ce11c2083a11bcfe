"""The native connector on a running server with an engine without media."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.webserver import KEY, Web, serving

from media.types import TrackSource, TrackState
from server.connectors.links import parse_link
from server.connectors.native import NativeConnector
from server.connectors.port import (
    Admitted,
    BotEnd,
    BotIdentity,
    ConnectorEvent,
    Denied,
    Ended,
    Failed,
    FailureCode,
    NotRecorded,
    PersonJoined,
    PersonLeft,
    RecordingBegan,
    SessionBound,
    SoundChanged,
)
from signaling.connection import LiveConnection
from signaling.model import ParticipantKind, ParticipantState

BOT = BotIdentity("0197b1a0-0000-7000-8000-000000000009", "Buddy", "default")
DEADLINE = 10


def fail(_name: str, error: BaseException) -> None:
    raise error


def connector(web: Web) -> NativeConnector:
    app = web.app
    return NativeConnector(app.meetings, app.live, app.tracker, app.recordings, fail)


def publish(live: LiveConnection) -> None:
    """The engine hears somebody's microphone."""
    track = TrackState(TrackSource.MICROPHONE, "0", "audio/opus", flowing=True)
    live.tracks_changed(live.id, (track,))


async def joined(web: Web, meeting: str, bot: BotIdentity = BOT) -> NativeConnector:
    home = web.app.meetings.public_url
    made = connector(web)
    await made.join(parse_link(f"{home}/m/{meeting}", home), bot)
    assert urlsplit(home).hostname
    return made


async def told(made: NativeConnector, kind: type[ConnectorEvent]) -> ConnectorEvent:
    """The next event of a kind; others before it are passed over."""
    async with asyncio.timeout(DEADLINE):
        async for event in made.events():
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the connector ended without {kind}")


def bots(web: Web, meeting: str) -> list[str]:
    view = web.app.tracker.live_session(meeting)
    people = [] if view is None else [one.participant for one in view.participants]
    return [
        who.name
        for who in people
        if who.kind is ParticipantKind.BOT and who.state is ParticipantState.PRESENT
    ]


async def test_it_sits_in_the_roster_and_records(tmp_path: Path):
    async with serving(tmp_path, recording={"floor_bytes": 0}) as web:
        meeting = (await web.meeting())["id"]
        live = await web.join(meeting)
        made = await joined(web, meeting)
        assert await told(made, Admitted) == Admitted(meeting, live.record.session_id)
        assert await told(made, SessionBound) == SessionBound(live.record.session_id)
        assert await told(made, PersonJoined) == PersonJoined(live.participant_id, "Ada")
        publish(live)
        began = await told(made, RecordingBegan)
        assert began.own
        assert web.app.recordings.running_in(live.record.session_id).id == began.recording_id
        assert bots(web, meeting) == ["Buddy"]
        await made.leave()
        assert bots(web, meeting) == []
        assert web.app.recordings.running_in(live.record.session_id) is None


async def test_it_waits_in_an_empty_meeting_and_starts_no_session(tmp_path: Path):
    async with serving(tmp_path) as web:
        meeting = (await web.meeting())["id"]
        made = await joined(web, meeting)
        await told(made, Admitted)
        assert web.app.tracker.live_session(meeting) is None
        _ = await web.join(meeting)
        await told(made, SessionBound)
        assert bots(web, meeting) == ["Buddy"]
        await made.leave()


async def test_it_tells_who_leaves_and_how_it_ended(tmp_path: Path):
    async with serving(tmp_path) as web:
        meeting = (await web.meeting())["id"]
        ann, ben = await web.join(meeting, "Ann"), await web.join(meeting, "Ben")
        made = await joined(web, meeting)
        await told(made, SessionBound)
        await web.app.live.kick(ben.participant_id, None)
        assert await told(made, PersonLeft) == PersonLeft(ben.participant_id)
        await web.app.live.end_meeting(ann.record.meeting_id, None)
        assert await told(made, Ended) == Ended(BotEnd.MEETING_ENDED)
        await made.leave()


async def test_a_host_removes_it(tmp_path: Path):
    async with serving(tmp_path) as web:
        meeting = (await web.meeting())["id"]
        _ = await web.join(meeting)
        made = await joined(web, meeting)
        await told(made, SessionBound)
        view = web.app.tracker.live_session(meeting)
        bot = next(p.participant for p in view.participants if p.participant.name == "Buddy")
        await web.app.live.kick(bot.id, None)
        assert await told(made, Ended) == Ended(BotEnd.REMOVED)
        await made.leave()


async def test_unknown_foreign_and_inactive_meetings_are_not_joined(tmp_path: Path):
    async with serving(tmp_path) as web:
        meeting = (await web.meeting())["id"]
        unknown = await joined(web, "0197b1a0-0000-7000-8000-00000000000f")
        assert (await told(unknown, Failed)).code is FailureCode.MEETING_NOT_FOUND
        foreign = await joined(web, meeting, BotIdentity("b", "Buddy", "another"))
        assert (await told(foreign, Failed)).code is FailureCode.MEETING_NOT_FOUND
        answer = await web.client.patch(
            f"/v1/meetings/{meeting}", json={"status": "INACTIVE"}, headers=KEY
        )
        assert answer.status == 200
        assert isinstance(await told(await joined(web, meeting), Denied), Denied)


async def test_it_says_when_nothing_is_recorded(tmp_path: Path):
    async with serving(tmp_path, recording={"floor_bytes": 0}) as web:
        meeting = (await web.meeting(record="off"))["id"]
        publish(await web.join(meeting))
        made = await joined(web, meeting)
        assert (await told(made, NotRecorded)).code == "recording_off"
        await made.leave()


async def test_a_recording_that_runs_is_shared_and_left_running(tmp_path: Path):
    async with serving(tmp_path, recording={"floor_bytes": 0}) as web:
        meeting = (await web.meeting())["id"]
        live = await web.join(meeting)
        publish(live)
        notice = await web.app.recordings.start(meeting, None)
        made = await joined(web, meeting)
        assert await told(made, RecordingBegan) == RecordingBegan(notice.id, own=False)
        await made.leave()
        assert web.app.recordings.running_in(live.record.session_id).id == notice.id


async def test_leaving_at_once_leaves_no_recording_running(tmp_path: Path):
    async with serving(tmp_path, recording={"floor_bytes": 0}) as web:
        meeting = (await web.meeting())["id"]
        live = await web.join(meeting)
        made = await joined(web, meeting)
        await asyncio.gather(made.leave(), made.leave())
        assert web.app.recordings.running_in(live.record.session_id) is None
        assert bots(web, meeting) == []


async def test_a_leave_that_is_cut_off_leaves_nothing_running(tmp_path: Path, monkeypatch):
    async with serving(tmp_path) as web:
        meeting = (await web.meeting())["id"]
        _ = await web.join(meeting)
        monkeypatch.setattr(web.app.recordings, "start", lambda *_: asyncio.Event().wait())
        made = await joined(web, meeting)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await made.leave()
        assert len(made._scope) == 0


async def test_a_full_meeting_takes_no_bot_for_now(tmp_path: Path):
    async with serving(tmp_path) as web:
        meeting = (await web.meeting(max_participants=1))["id"]
        _ = await web.join(meeting)
        made = await joined(web, meeting)
        failed = await told(made, Failed)
        assert (failed.code, failed.transient) == (FailureCode.JOIN_FAILED, True)
        await made.leave()


async def test_it_tells_when_somebody_speaks(tmp_path: Path):
    async with serving(tmp_path) as web:
        meeting = (await web.meeting())["id"]
        live = await web.join(meeting)
        made = await joined(web, meeting)
        await told(made, SessionBound)
        room = web.engine.rooms[live.record.session_id]
        room.speakers_changed(live.record.session_id, (live.participant_id,))
        assert (await told(made, SoundChanged)).sounding
        await made.leave()
