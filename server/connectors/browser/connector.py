"""The browser connector: a bot in a meeting of another site, heard through a mirror here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from media.clock import Clock
from media.tasks import OnError, TaskScope
from server.connectors.attribution import Attribution
from server.connectors.browser.mirror import Mirror, Mirrors
from server.connectors.browser.page import Browsers, ForeignPage, PageError
from server.connectors.links import NAMES, ParsedLink, Platform
from server.connectors.look import Look
from server.connectors.port import (
    Admitted,
    Availability,
    BotEnd,
    BotIdentity,
    Connector,
    ConnectorEvent,
    Denied,
    Ended,
    Failed,
    FailureCode,
    NotRecorded,
    RecordingBegan,
    SessionBound,
    SoundChanged,
    TrackAdded,
    TrackRemoved,
)
from server.connectors.recipe import Recipe
from server.connectors.told import Told
from server.connectors.visit import Visit, VisitLimits
from server.services.text import MAX_TITLE

LOOK_SECONDS: Final = 0.5
"""Between two looks at the page: a person who speaks is named within a second."""
GOODBYE_SECONDS: Final = 2.0
"""How long the page may take to say goodbye to the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserParts:
    """What every browser connector works with.

    Attributes:
        recipes: By the name that a link's recipe or platform has.
        seat: Makes the native connector that records the mirror.
        look_seconds: Between two looks.
    """

    recipes: Mapping[str, Recipe]
    browsers: Browsers
    mirrors: Mirrors
    seat: Callable[[], Connector]
    clock: Clock
    on_error: OnError
    limits: VisitLimits = field(default_factory=VisitLimits)
    look_seconds: float = LOOK_SECONDS


class BrowserConnector:
    """One bot's visit; satisfies `server.connectors.port.Connector`.

    Args:
        platform: Whose meetings.
        parts: What it works with.
    """

    def __init__(self, platform: Platform, parts: BrowserParts) -> None:
        self._platform = platform
        self._parts = parts
        self._scope = TaskScope(parts.on_error)
        self._told = Told()
        self._page: ForeignPage | None = None
        self._mirror: Mirror | None = None
        self._seat: Connector | None = None
        self._recipe: Recipe | None = None
        self._tracks: frozenset[str] = frozenset()
        self._leaving = TaskScope(parts.on_error)
        self._left: asyncio.Task[None] | None = None

    @property
    def platform(self) -> Platform:
        """Whose meetings it joins."""
        return self._platform

    async def available(self) -> Availability:
        """Whether there is a browser to go with."""
        missing = await self._parts.browsers.missing()
        return Availability(ok=missing is None, reason=missing)

    async def join(self, link: ParsedLink, bot: BotIdentity) -> None:
        """Set out."""
        _ = self._scope.spawn(self._go(link, bot), name="visit of bot")

    async def leave(self) -> None:
        """Go; the recording is stopped first, then the page and its browser are closed."""
        if self._left is None:
            self._left = self._leaving.spawn(self._depart(), name="bot leaves site")
        await asyncio.shield(self._left)  # whoever waits no longer leaves no browser behind

    async def withdraw(self) -> None:
        """The same: what takes the wish back is the button that leaves."""
        await self.leave()

    def events(self) -> AsyncIterator[ConnectorEvent]:
        """What happens, in order."""
        return self._told.events()

    # Inside

    async def _go(self, link: ParsedLink, bot: BotIdentity) -> None:
        try:
            await self._visit(link, bot)
        except PageError as error:
            self._told.end(Failed(error.code, str(error), error.transient))
        except Exception as error:  # noqa: BLE001  (reported; the bot must not be left hanging)
            self._parts.on_error("visit of bot", error)
            text = "The browser connector failed; the server's log says how."
            self._told.end(Failed(FailureCode.INTERNAL_ERROR, text))

    async def _visit(self, link: ParsedLink, bot: BotIdentity) -> None:
        parts = self._parts
        recipe = self._recipe = parts.recipes[link.recipe or link.platform.value]
        page = self._page = await parts.browsers.start(recipe, shown=bot.debug)
        await page.open(recipe.address(link))
        visit = Visit(recipe, parts.limits, parts.clock.monotonic())
        voices = Attribution(recipe.sound, f"{NAMES[link.platform]} meeting")
        while not self._told.ended:
            look = await page.look()
            seen = visit.see(look, parts.clock.monotonic())
            for event in seen.events:
                await self._tell(event, link, bot)
            if seen.end is not None:
                self._told.end(seen.end)
                return
            for step in seen.steps:
                await page.take(recipe.steps[step], bot.name)
            if visit.inside and self._mirror is not None:
                self._tell_tracks(look)
                await self._mirror.update(page, voices.see(look), look)
            await asyncio.sleep(parts.look_seconds)

    async def _tell(self, event: ConnectorEvent, link: ParsedLink, bot: BotIdentity) -> None:
        if isinstance(event, Admitted):
            mirror = self._mirror = await self._parts.mirrors.open(_title(link), bot.account)
            event = Admitted(mirror.meeting.id)
            _ = self._scope.spawn(self._record(mirror, bot), name="record mirror")
        self._told.tell(event)

    def _tell_tracks(self, look: Look) -> None:
        tracks = frozenset(track.id for track in look.tracks)
        if bool(tracks) != bool(self._tracks):
            for track in tracks - self._tracks:
                self._told.tell(TrackAdded(track))
            for track in self._tracks - tracks:
                self._told.tell(TrackRemoved(track))
        self._tracks = tracks

    async def _record(self, mirror: Mirror, bot: BotIdentity) -> None:
        """Sit in the mirror as in a native meeting, and tell what that connector tells of media."""
        link = ParsedLink(Platform.ROOMTONE, "", "", mirror.meeting.id)
        while True:
            seat = self._seat = self._parts.seat()
            await seat.join(link, bot)
            async for event in seat.events():
                match event:
                    case SessionBound() | RecordingBegan() | NotRecorded() | SoundChanged():
                        self._told.tell(event)
                    case Ended(BotEnd.EVERYONE_LEFT):
                        break  # no voice for a while; the foreign meeting goes on
                    case Ended() | Denied() | Failed():
                        self._told.end(event)
                    case _:
                        pass  # voices of the mirror are no people of the meeting
            if self._told.ended:
                return
            await seat.leave()

    async def _depart(self) -> None:
        await self._scope.close()
        page, mirror = self._page, self._mirror
        try:
            if self._seat is not None:
                await self._seat.leave()
            if mirror is not None:
                await mirror.close()
        finally:
            if page is not None:
                await self._say_goodbye(page)
                await page.close()
            self._told.end()

    async def _say_goodbye(self, page: ForeignPage) -> None:
        """Press what leaves, so that the others see the bot go at once."""
        recipe = self._recipe
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await page.press(() if recipe is None else recipe.leave)
        except (PageError, TimeoutError):
            return  # the page is closed next, which says the same


def _title(link: ParsedLink) -> str:
    """What the mirror is called, without a passcode."""
    if link.platform is Platform.OTHER:
        return f"Meeting at {link.host}"[:MAX_TITLE]
    return f"{NAMES[link.platform]} {link.meeting_id}"[:MAX_TITLE]
