"""What every connector promises, on the scripted and on the native one; and the scenarios."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.webserver import serving

from server.connectors.links import ParsedLink, Platform, parse_link
from server.connectors.native import NativeConnector
from server.connectors.port import (
    Admitted,
    Availability,
    BotIdentity,
    Connector,
    ConnectorEvent,
    Denied,
    Lobby,
)
from server.connectors.scripted import ScriptedConnector

BOT = BotIdentity("0197b1a0-0000-7000-8000-000000000009", "Buddy", "default")
LINK = parse_link("https://zoom.us/j/123456789", "https://rt.example")


def fail(_name: str, error: BaseException) -> None:
    raise error


@pytest.fixture(params=["scripted", "native"])
async def subject(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Connector, ParsedLink]]:
    """A connector and a link to a meeting that admits it."""
    if request.param == "scripted":
        yield ScriptedConnector([(0, Lobby()), (0, Admitted())], fail), LINK
        return
    async with serving(tmp_path) as web:
        app = web.app
        meeting = await web.meeting()
        home = app.meetings.public_url
        made = NativeConnector(app.meetings, app.live, app.tracker, app.recordings, fail)
        yield made, parse_link(f"{home}/m/{meeting['id']}", home)


async def until(connector: Connector, kind: type[ConnectorEvent]) -> ConnectorEvent:
    async with asyncio.timeout(10):
        async for event in connector.events():
            if isinstance(event, kind):
                return event
    raise AssertionError("the connector ended early")


async def rest(connector: Connector) -> list[ConnectorEvent]:
    async with asyncio.timeout(10):
        return [event async for event in connector.events()]


async def test_it_is_admitted_and_its_events_end_when_it_left(
    subject: tuple[Connector, ParsedLink],
):
    connector, link = subject
    assert connector.platform is link.platform
    assert (await connector.available()).ok
    await connector.join(link, BOT)
    assert isinstance(await until(connector, Admitted), Admitted)
    await connector.leave()
    await connector.leave()
    assert await rest(connector) == []


async def test_it_withdraws_before_it_heard_anything(subject: tuple[Connector, ParsedLink]):
    connector, link = subject
    await connector.join(link, BOT)
    await connector.withdraw()
    assert not any(isinstance(event, Denied) for event in await rest(connector))


async def test_a_scenario_ends_with_its_denial():
    denied = Denied("nobody opened")
    made = ScriptedConnector([(0, Lobby()), (0, denied), (0, Admitted())], fail)
    await made.join(LINK, BOT)
    assert await rest(made) == [Lobby(), denied]


async def test_a_scenario_may_lack_its_programs():
    made = ScriptedConnector([], fail, platform=Platform.TEAMS, missing="no browser")
    assert await made.available() == Availability(ok=False, reason="no browser")
    assert made.platform is Platform.TEAMS
