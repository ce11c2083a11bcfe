"""The native connector on a running server with an engine without media."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from support.webserver import KEY, Web, serving

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
    PersonJoined,
    PersonLeft,
    RecordingBegan,
    SessionBound,
)
from signaling.model import ParticipantKind, ParticipantState

BOT = BotIdentity("0197b1a0-0000-7000-8000-000000000009", "Buddy", "default")
DEADLINE = 10


def fail(_name: str, error: BaseException) -> None:
    raise error


def connector(web: Web) -> NativeConnector:
    app = web.app
    return NativeConnector(app.meetings, app.live, app.tracker, app.recordings, fail)


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
        assert await told(made, Admitted) == Admitted(meeting)
        assert await told(made, SessionBound) == SessionBound(live.record.session_id)
        assert await told(made, PersonJoined) == PersonJoined(live.participant_id, "Ada")
        began = await told(made, RecordingBegan)
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
