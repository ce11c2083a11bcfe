"""Bots, put together: which platforms have a connector here."""

from collections.abc import Mapping

from media.clock import Clock
from media.tasks import OnError
from server.config import BotsSettings
from server.connectors.links import Platform
from server.connectors.native import NativeConnector
from server.connectors.port import ConnectorFactory
from server.services.bot_work import BotWork
from server.services.bots import BotsService
from server.services.meetings import MeetingsService
from server.services.recordings import RecordingsService
from server.services.tracker import Tracker
from server.services.transcripts import TranscriptsService
from server.storage.port import Storage
from signaling.hub import LiveSessions


def connectors(
    meetings: MeetingsService,
    live: LiveSessions,
    tracker: Tracker,
    recordings: RecordingsService,
    on_error: OnError,
) -> Mapping[Platform, ConnectorFactory]:
    """A connector for each platform that bots can go to from here."""
    return {
        Platform.ROOMTONE: lambda: NativeConnector(meetings, live, tracker, recordings, on_error)
    }


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
