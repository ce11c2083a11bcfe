"""Recipes on imitated pages: in a real Chromium, from the first question to the meeting and out."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from media.clock import SystemClock
from server.config import BotsSettings
from server.connectors.browser.chromium import Chromium, ChromiumPage
from server.connectors.look import Look
from server.connectors.port import Admitted, ConnectorEvent, Lobby, PersonJoined
from server.connectors.recipe import Recipe, Sign
from server.connectors.visit import Visit, VisitLimits

PAGES = Path(__file__).parents[1] / "server/connectors/pages"
DEADLINE = 20.0
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")


async def check(recipe: Recipe) -> None:
    """The recipe goes in, sees everybody, leaves, and reads every end."""
    faults: list[BaseException] = []
    browsers = Chromium(BotsSettings(), lambda _name, error: faults.append(error))
    try:
        page = await browsers.start(recipe, shown=False)
        await _goes_in_and_out(page, recipe)
        for sign in recipe.signs:
            if sign not in (Sign.INSIDE, Sign.LOBBY):
                await _show(page, f"{_address(recipe)}#{sign}")
                assert (await page.look()).signs == {sign}
    finally:
        await browsers.close()
    assert faults == []


def _address(recipe: Recipe) -> str:
    return (PAGES / f"{recipe.name}.html").as_uri()


async def _show(page: ChromiumPage, address: str) -> None:
    place, _, fragment = address.partition("#")
    await page.open(f"{place}?{fragment}#{fragment}")  # another fragment alone would load nothing


async def _goes_in_and_out(page: ChromiumPage, recipe: Recipe) -> None:
    await _show(page, _address(recipe))
    clock = SystemClock()
    visit = Visit(recipe, VisitLimits(), clock.monotonic())
    events: list[ConnectorEvent] = []
    look = Look()
    async with asyncio.timeout(DEADLINE):
        while len([one for one in events if isinstance(one, PersonJoined)]) < 2:
            look = await page.look()
            seen = visit.see(look, clock.monotonic())
            assert seen.end is None
            events += seen.events
            for step in seen.steps:
                await page.take(recipe.steps[step], "Notes")
            await asyncio.sleep(0.05)
    assert events[:2] == [Lobby(), Admitted()]
    assert set(look.people.values()) == {"Ann Lee", "Ben"}
    assert [look.people[who] for who in look.lit] == ["Ann Lee"]
    assert await wishes(page) == {"name": "Notes", "microphone": False, "camera": False}
    await page.press(recipe.leave)
    assert Sign.INSIDE not in (await page.look()).signs


async def wishes(page: ChromiumPage) -> dict[str, Any]:
    """What the page understood that the bot wants."""
    return await page._there.evaluate("wishes")
