"""Bots, put together: which platforms have a connector here."""

from collections.abc import Mapping
from functools import partial

from media.clock import Clock
from media.tasks import OnError
from server.config import BotsSettings
from server.connectors.browser.chromium import Chromium
from server.connectors.browser.connector import BrowserConnector, BrowserParts
from server.connectors.browser.mirror import Mirrors
from server.connectors.catalogue import recipes_for
from server.connectors.links import Platform
from server.connectors.native import NativeConnector
from server.connectors.port import ConnectorFactory
from server.connectors.visit import VisitLimits
from server.services.bot_work import BotWork
from server.services.bots import BotsService
from server.services.meetings import MeetingsService
from server.services.recordings import RecordingsService
from server.services.tracker import Tracker
from server.services.transcripts import TranscriptsService
from server.storage.port import Storage
from signaling.hub import LiveSessions


class Abroad:
    """What bots in foreign meetings share: browsers, and mirrors on this server.

    Args:
        settings: How many browsers, and which sites.
        meetings: Makes the mirrors.
        clock: The process's clock.
        on_error: Told of bugs.

    Raises:
        ConfigError: A site is given a recipe that does not exist.
    """

    def __init__(
        self, settings: BotsSettings, meetings: MeetingsService, clock: Clock, on_error: OnError
    ) -> None:
        self._recipes = recipes_for(settings.sites)
        self._limits = VisitLimits(settings.browser_join_seconds, settings.media_lost_seconds)
        self._clock = clock
        self._on_error = on_error
        self.browsers = Chromium(settings, on_error)
        self.mirrors = Mirrors(meetings)

    def connectors(self, seat: ConnectorFactory) -> Mapping[Platform, ConnectorFactory]:
        """A connector for each platform that a browser goes to.

        Args:
            seat: Makes a native connector, which records a mirror.
        """
        parts = BrowserParts(
            recipes=self._recipes,
            browsers=self.browsers,
            mirrors=self.mirrors,
            seat=seat,
            clock=self._clock,
            on_error=self._on_error,
            limits=self._limits,
        )
        foreign = [one for one in Platform if one is not Platform.ROOMTONE]
        return {one: partial(BrowserConnector, one, parts) for one in foreign}

    async def close(self) -> None:
        """End every browser that is left; after the bots."""
        await self.browsers.close()
        await self.mirrors.close()


def connectors(
    meetings: MeetingsService,
    live: LiveSessions,
    tracker: Tracker,
    recordings: RecordingsService,
    abroad: Abroad,
    on_error: OnError,
) -> Mapping[Platform, ConnectorFactory]:
    """A connector for each platform that bots can go to from here."""

    def native() -> NativeConnector:
        return NativeConnector(meetings, live, tracker, recordings, on_error)

    return {Platform.ROOMTONE: native, **abroad.connectors(native)}


def bots_of(  # noqa: PLR0913, PLR0917  (what it works with)
    settings: BotsSettings,
    store: Storage,
    ways: Mapping[Platform, ConnectorFactory],
    work: BotWork,
    transcripts: TranscriptsService,
    meetings: MeetingsService,
    clock: Clock,
    on_error: OnError,
) -> BotsService:
    """The service, with no bot started."""
    return BotsService(
        store=store,
        connectors=ways,
        work=work,
        transcripts=transcripts,
        meetings=meetings,
        clock=clock,
        settings=settings,
        on_error=on_error,
    )
