"""The browser connector with played pages on a server with an engine without media."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.foreign import PlayedBrowsers, PlayedPage
from support.wait import until
from support.webserver import Web, serving

from media.types import TrackSource, TrackState
from server.connectors.browser.connector import BrowserConnector, BrowserParts
from server.connectors.browser.mirror import Mirrors
from server.connectors.browser.page import PageError
from server.connectors.catalogue import BUILT_IN
from server.connectors.links import Platform, parse_link
from server.connectors.look import HeardTrack, Look
from server.connectors.native import NativeConnector
from server.connectors.port import (
    Admitted,
    Availability,
    BotEnd,
    BotIdentity,
    Connector,
    ConnectorEvent,
    Ended,
    Failed,
    FailureCode,
    Lobby,
    PersonJoined,
    RecordingBegan,
    SessionBound,
    TrackAdded,
)
from server.connectors.recipe import Sign
from signaling.model import ParticipantKind

BOT = BotIdentity("0197b1a0-0000-7000-8000-000000000009", "Buddy", "default")
LINK = parse_link("https://zoom.us/j/123?pwd=x", "https://rt.example")
INSIDE = Look(
    signs=frozenset({Sign.INSIDE}),
    people={"a": "Ann"},
    tracks=(HeardTrack("1"),),
    peers=("connected",),
)
DEADLINE = 10


class Scene:
    def __init__(self, web: Web, mirrors: Mirrors) -> None:
        self.web, self.mirrors = web, mirrors
        self.faults: list[str] = []

    def connector(self, browsers: PlayedBrowsers, **parts: object) -> BrowserConnector:
        app = self.web.app

        def seat() -> Connector:
            return NativeConnector(app.meetings, app.live, app.tracker, app.recordings, self.report)

        values = {
            "recipes": BUILT_IN,
            "browsers": browsers,
            "mirrors": self.mirrors,
            "seat": seat,
            "clock": self.web.clock,
            "on_error": self.report,
            "look_seconds": 0.001,
        }
        return BrowserConnector(Platform.ZOOM, BrowserParts(**values | parts))

    def report(self, name: str, _error: BaseException) -> None:
        self.faults.append(name)

    async def joined(self, *looks: Look | PageError) -> tuple[BrowserConnector, PlayedPage]:
        page = PlayedPage(looks)
        made = self.connector(PlayedBrowsers(page))
        await made.join(LINK, BOT)
        return made, page

    async def connect(self, meeting: str) -> str:
        """Let the first voice's packets arrive in the mirror."""
        live = self.web.app.tracker.live_session
        await until(lambda: live(meeting) is not None, DEADLINE)
        connection = live(meeting).participants[0].connections[0].id
        self.web.engine.up(connection)
        return connection


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with serving(tmp_path, recording={"floor_bytes": 0}) as web:
        mirrors = Mirrors(web.app.meetings)
        mirrors.base_url = str(web.client.make_url("")).rstrip("/")
        yield Scene(web, mirrors)
        await mirrors.close()


@asynccontextmanager
async def leaving(made: BrowserConnector) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await made.leave()


async def told(made: BrowserConnector, kind: type[ConnectorEvent]) -> ConnectorEvent:
    """The next event of a kind; others before it are passed over."""
    async with asyncio.timeout(DEADLINE):
        async for event in made.events():
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the connector ended without {kind}")


async def test_it_goes_in_and_records_what_it_hears(scene: Scene):
    waits = Look(signs=frozenset({Sign.LOBBY}), steps=(3,))
    made, page = await scene.joined(waits, INSIDE)
    async with leaving(made):
        assert await told(made, Lobby) == Lobby()
        admitted = await told(made, Admitted)
        meeting = await scene.web.app.meetings.get(admitted.meeting_id)
        assert (meeting.title, meeting.account) == ("Zoom 123", "default")
        assert await told(made, PersonJoined) == PersonJoined("a", "Ann")
        assert await told(made, TrackAdded) == TrackAdded("1")
        connection = await scene.connect(meeting.id)
        bound = await told(made, SessionBound)
        view = scene.web.app.tracker.live_session(meeting.id)
        assert bound == SessionBound(view.session.id)
        voice = next(w for w in view.participants if w.participant.kind is ParticipantKind.PERSON)
        assert voice.participant.name == "Zoom meeting"
        scene.web.engine.listeners[connection].tracks_changed(
            connection, (TrackState(TrackSource.MICROPHONE, "0", "audio/opus", flowing=True),)
        )
        began = await told(made, RecordingBegan)
        assert began.own
    assert page.done[0] == "open https://zoom.us/wc/join/123?pwd=x"
    assert "name #input-for-name, input[type='text'] Buddy" in page.done
    assert any(one.startswith("press ") for one in page.done)
    assert page.closed
    assert scene.web.app.tracker.live_session(meeting.id) is None
    assert scene.web.app.recordings.running_in(view.session.id) is None
    assert scene.faults == []


async def test_a_visit_that_ends_is_told_and_leaves_nothing_behind(scene: Scene):
    made, page = await scene.joined(INSIDE, INSIDE, Look(signs=frozenset({Sign.ENDED})))
    async with leaving(made):
        assert await told(made, Ended) == Ended(BotEnd.MEETING_ENDED)
    assert page.closed


@pytest.mark.parametrize("transient", [True, False])
async def test_a_page_that_cannot_go_on_fails_with_its_code(scene: Scene, transient: bool):
    error = PageError(FailureCode.BOT_CRASHED, "gone", transient=transient)
    made, page = await scene.joined(INSIDE, error)
    async with leaving(made):
        assert await told(made, Failed) == Failed(FailureCode.BOT_CRASHED, "gone", transient)
    assert page.closed


async def test_a_site_that_cannot_be_reached_is_a_passing_cause(scene: Scene):
    page = PlayedPage(fault=PageError(FailureCode.JOIN_FAILED, "refused", transient=True))
    made = scene.connector(PlayedBrowsers(page))
    await made.join(LINK, BOT)
    async with leaving(made):
        assert (await told(made, Failed)).transient
    assert page.closed


async def test_no_browser_left_is_a_passing_cause(scene: Scene):
    busy = PageError(FailureCode.JOIN_FAILED, "all in use", transient=True)
    made = scene.connector(PlayedBrowsers(busy))
    await made.join(LINK, BOT)
    async with leaving(made):
        assert await told(made, Failed) == Failed(FailureCode.JOIN_FAILED, "all in use", True)


async def test_a_bug_is_reported_and_the_bot_not_left_hanging(scene: Scene):
    made = scene.connector(PlayedBrowsers(PlayedPage()), recipes={})
    await made.join(LINK, BOT)
    async with leaving(made):
        assert (await told(made, Failed)).code is FailureCode.INTERNAL_ERROR
    assert scene.faults == ["visit of bot"]


async def test_whoever_ends_the_mirror_ends_the_bot(scene: Scene):
    made, _ = await scene.joined(INSIDE)
    async with leaving(made):
        admitted = await told(made, Admitted)
        _ = await scene.connect(admitted.meeting_id)
        _ = await told(made, SessionBound)
        await scene.web.app.live.end_meeting(admitted.meeting_id, None)
        assert await told(made, Ended) == Ended(BotEnd.MEETING_ENDED)


async def test_leaving_at_once_and_twice_is_well(scene: Scene):
    made, page = await scene.joined(Look())
    await asyncio.gather(made.leave(), made.withdraw())
    async with asyncio.timeout(DEADLINE):
        assert [event async for event in made.events()] == []
    assert page.closed or not page.done


async def test_a_leave_that_nobody_waits_for_any_longer_still_closes_the_browser(scene: Scene):
    made, page = await scene.joined(INSIDE)
    _ = await told(made, Admitted)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await made.leave()
    await made.leave()
    assert page.closed


async def test_it_is_available_where_a_browser_is(scene: Scene):
    assert await scene.connector(PlayedBrowsers()).available() == Availability(ok=True)
    none = scene.connector(PlayedBrowsers(missing="no Chromium"))
    assert await none.available() == Availability(ok=False, reason="no Chromium")
    assert none.platform is Platform.ZOOM


async def test_a_mirror_at_a_site_shows_no_part_of_the_link(scene: Scene):
    link = parse_link("https://x.example/r?pwd=1", "https://rt.example", {"x.example": "zoom"})
    link = dataclasses.replace(link, platform=Platform.OTHER)
    made = scene.connector(PlayedBrowsers(PlayedPage([INSIDE])))
    await made.join(link, BOT)
    async with leaving(made):
        admitted = await told(made, Admitted)
        meeting = await scene.web.app.meetings.get(admitted.meeting_id)
        assert meeting.title == "Meeting at x.example"
