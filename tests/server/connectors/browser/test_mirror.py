"""A mirror on a running server with an engine without media: voices come, move and go."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.foreign import PlayedPage
from support.webserver import Web, serving

from server.connectors.attribution import Voice
from server.connectors.browser.mirror import TRIES, Mirror, Mirrors
from server.connectors.browser.page import PageError
from server.connectors.look import Look
from server.connectors.port import FailureCode
from signaling.model import Access, ParticipantState

ANN, BEN = Voice("person:a", "a", "Ann", "1"), Voice("person:b", "b", "Ben", "2")
BOTH = Look(people={"a": "Ann", "b": "Ben"})


class Scene:
    def __init__(self, web: Web, mirror: Mirror, page: PlayedPage) -> None:
        self.web, self.mirror, self.page = web, mirror, page

    async def see(self, *voices: Voice, look: Look = BOTH) -> set[str]:
        await self.mirror.update(self.page, voices, look)
        return self.names()

    def names(self) -> set[str]:
        """Who is in our session."""
        view = self.web.app.tracker.live_session(self.mirror.meeting.id)
        people = [] if view is None else [one.participant for one in view.participants]
        return {one.name for one in people if one.state is ParticipantState.PRESENT}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with serving(tmp_path) as web:
        mirrors = Mirrors(web.app.meetings)
        mirrors.base_url = str(web.client.make_url("")).rstrip("/")
        mirror = await mirrors.open("Zoom 1", "default")
        yield Scene(web, mirror, PlayedPage())
        await mirror.close()
        await mirrors.close()


async def test_nobody_gets_in_by_the_link_alone(scene: Scene):
    assert scene.mirror.meeting.access is Access.TOKEN
    assert scene.mirror.meeting.title == "Zoom 1"


async def test_each_voice_is_somebody_here_over_a_connection_of_their_own(scene: Scene):
    assert await scene.see(ANN, BEN) == {"Ann", "Ben"}
    assert scene.page.sent == {"person:a": "1", "person:b": "2"}
    assert [one.split()[:2] for one in scene.page.done] == [
        ["answer", "person:a"],
        ["answer", "person:b"],
    ]
    view = scene.web.app.tracker.live_session(scene.mirror.meeting.id)
    assert {one.protocol for who in view.participants for one in who.connections} == {"whip"}


async def test_a_track_that_is_somebody_elses_now_is_sent_as_them(scene: Scene):
    _ = await scene.see(ANN, BEN)
    moved = Voice("person:b", "b", "Ben", "1")
    assert await scene.see(moved) == {"Ann", "Ben"}
    assert scene.page.sent == {"person:a": None, "person:b": "1"}


async def test_who_left_leaves_here_too_but_the_last_voice_stays(scene: Scene):
    _ = await scene.see(ANN, BEN)
    assert await scene.see(BEN, look=Look(people={"b": "Ben"})) == {"Ben"}
    assert await scene.see(look=Look()) == {"Ben"}
    assert scene.page.sent == {"person:b": None}
    cleo = Voice("person:c", "c", "Cleo", "3")
    assert await scene.see(cleo, look=Look(people={"c": "Cleo"})) == {"Cleo"}


async def test_a_publication_that_failed_is_made_anew(scene: Scene):
    _ = await scene.see(ANN)
    dead = Look(people={"a": "Ann"}, publications={"person:a": "failed"})
    assert await scene.see(ANN, look=dead) == {"Ann"}
    assert len(scene.page.done) == 2


async def test_a_server_that_takes_no_sound_fails_the_bot_after_some_tries(scene: Scene):
    await scene.web.app.meetings.delete(scene.mirror.meeting.id)
    for _ in range(TRIES - 1):
        assert await scene.see(ANN) == set()
        assert scene.page.sent == {}
    with pytest.raises(PageError) as error:
        await scene.see(ANN)
    assert error.value.code is FailureCode.MEDIA_TIMEOUT


async def test_closing_ends_the_session_and_an_unheard_mirror_has_none(scene: Scene):
    await scene.mirror.close()
    _ = await scene.see(ANN)
    await scene.mirror.close()
    assert scene.names() == set()
