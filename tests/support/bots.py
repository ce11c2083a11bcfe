"""Bots that play scenarios instead of going anywhere."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

from support.domain import NOW

from server.connectors.links import Platform
from server.connectors.port import ConnectorEvent
from server.connectors.scripted import ScriptedConnector
from server.records import Bot
from server.services.bots import BotsService, BotWish
from server.services.context import App
from signaling.ids import new_id

Scenario = Sequence[tuple[float, ConnectorEvent]]
LINK = "https://zoom.us/j/123456789"
DEADLINE = 30.0


def fail(_name: str, error: BaseException) -> None:
    raise error


def playing(app: App, *scenarios: Scenario, missing: str | None = None) -> BotsService:
    """The service with a connector for Zoom that plays one scenario after the other."""
    left = list(scenarios)

    def make() -> ScriptedConnector:
        scenario = left.pop(0) if left else ()
        return ScriptedConnector(scenario, fail, platform=Platform.ZOOM, missing=missing)

    app.bots._connectors = {**app.bots._connectors, Platform.ZOOM: make}
    return app.bots


def wish(link: str = LINK, **members: object) -> BotWish:
    values = {"account": "default", "name": "Buddy", "transcribe": False, **members}
    return BotWish(link=link, **values)


def stored(**members: object) -> Bot:
    """A record of a bot in a Zoom meeting, completed unless said otherwise."""
    values = {
        "id": new_id(),
        "account": "default",
        "created_by": None,
        "link": LINK,
        "normalised": LINK,
        "platform": "zoom",
        "name": "Buddy",
        "status": "completed",
        "transcribe": True,
        "language": "en",
        "debug": False,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Bot(**values | members)


async def seen(
    bots: BotsService, bot_id: str, judge: Callable[[dict], bool], topic: str = "status"
) -> dict:
    """The first event of a bot that fits, those before included."""
    feed = bots.feed(bot_id)
    assert feed is not None
    reader = feed.follow(topic, after=0)
    async with asyncio.timeout(DEADLINE), aclosing(reader.events(DEADLINE)) as events:
        async for event in events:
            if event is not None and judge(event.data):
                return event.data
    raise AssertionError("the bot ended without it")


async def ended(bots: BotsService, bot_id: str) -> Bot:
    """The bot once it has ended."""
    async with asyncio.timeout(DEADLINE):
        run = bots._runs.get(bot_id)
        if run is not None:
            await run.done.wait()
    return await bots.get(bot_id)


def status(wanted: str) -> Callable[[dict], bool]:
    return lambda data: data["bot"].status == wanted
