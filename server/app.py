"""The composition root: which adapter stands behind which port, and who is handed what."""

import os
from collections.abc import Callable, Sequence

import structlog

from media.audio.desk import SoundDesk
from media.audio.mixing import Mixes
from media.clock import Clock, SystemClock
from media.recording.recorders import LocalRecorders
from media.recording.writer import WriterThread
from media.tasks import OnError
from media.types import Recorders, RtcSettings
from media.workers.remote import WorkerEngine
from server.addresses import advertised, has_ipv6_loopback
from server.archives import archive_of
from server.auth.authenticate import Authenticator, build_trusted
from server.auth.issuer import ISSUER_FILE, LocalIssuer
from server.auth.jwks import WebDocuments
from server.auth.keys import KeyRing
from server.auth.providers import Provider, configured_providers
from server.auth.tokens import TokenSigner
from server.bots import Abroad, bots_of, connectors
from server.config import DEV_KEY, MediaSettings, Settings
from server.dialects.convex.ids import MeetingIds
from server.errors import ConfigError
from server.observability.metrics import Metrics
from server.secret import signing_secret
from server.services.admission import Admissions
from server.services.bot_work import BotWork
from server.services.context import App
from server.services.meetings import MeetingsService
from server.services.programs import Programs, load_program
from server.services.quality import QualityService
from server.services.recordings import RecordingsService
from server.services.sessions import SessionsService
from server.services.shares import Shares
from server.services.tracker import Tracker
from server.services.transcripts import TranscriptsService
from server.services.users import UsersService
from server.services.watchers import SessionWatchers
from server.speech import caption_engines, captioners, captions_of, recorded_transcripts
from server.storage.sql import SqlStorage
from signaling.hub import LiveSessions
from signaling.ports import IceServer, MediaEngine, RtcTimers
from signaling.settings import SignalingSettings

logger = structlog.get_logger("server")
DEV_PORT_TRIES = 100
MakeEngine = Callable[[RtcSettings, Clock, OnError], MediaEngine]


def build(
    settings: Settings, *, clock: Clock | None = None, make_engine: MakeEngine | None = None
) -> App:
    """Build every part, started by `server.lifecycle.Server`. Blocks a little on the disk.

    Args:
        settings: What the operator wants.
        clock: The system's unless a test brings its own.
        make_engine: Makes the media engine; the real one unless a test brings its own.

    Raises:
        ConfigError: Settings that cannot work together.
        StartError: Keys on disk cannot be used.
    """
    clock, metrics = clock or SystemClock(), Metrics()
    on_error, signer = fault_reporter(metrics), TokenSigner(signing_secret(settings), clock)
    storage = SqlStorage(settings.database_url)
    tracker = Tracker(storage, clock, on_error)
    users, keys = UsersService(storage, clock), KeyRing(storage, clock, dev=settings.dev)
    issuer, documents = _issuer(settings, clock), WebDocuments()
    trusted = build_trusted(_providers(settings), issuer, documents, clock)
    authenticator = Authenticator(signer, keys, trusted, clock)
    meetings = MeetingsService(storage, tracker, users, signer, settings, clock, [MeetingIds()])
    gate = Admissions(meetings, users, authenticator, signer, tracker, clock, storage)
    engine, recorders = media(settings, clock, on_error, make_engine)
    sessions = SessionsService(storage, tracker)
    recordings = RecordingsService(
        store=storage,
        archive=archive_of(settings),
        recorders=recorders,
        meetings=meetings,
        tracker=tracker,
        clock=clock,
        settings=settings,
        on_error=on_error,
    )
    live = LiveSessions(engine, gate, tracker, clock, signaling_settings(settings), on_error)
    makers = captioners(settings.transcription, engine, clock, on_error)
    transcripts = captions_of(settings, makers, storage, meetings, sessions, clock)
    programs = _programs(settings, live, tracker, engine, clock, on_error)
    recorded = recorded_transcripts(settings, storage, recordings, sessions, clock, on_error)
    seen, kept = metrics.quality, settings.storage
    quality = QualityService(storage, tracker, engine, live, clock, seen, on_error, kept)
    abroad = Abroad(settings.bots, meetings, clock, on_error)
    ways = connectors(meetings, live, tracker, recordings, abroad, on_error)
    work = BotWork(storage, recordings, transcripts, recorded, sessions)
    _connect(live, meetings, recordings, transcripts, programs)
    return App(
        settings=settings,
        clock=clock,
        engine=engine,
        live=live,
        tracker=tracker,
        meetings=meetings,
        sessions=sessions,
        recordings=recordings,
        transcripts=transcripts,
        programs=programs,
        recorded_transcripts=recorded,
        bots=bots_of(settings.bots, storage, ways, work, transcripts, meetings, clock, on_error),
        abroad=abroad,
        shares=Shares(storage, recordings, signer.derive("share"), clock),
        quality=quality,
        users=users,
        keys=keys,
        gate=gate,
        authenticator=authenticator,
        signer=signer,
        issuer=issuer,
        documents=documents,
        storage=storage,
        metrics=metrics,
        dev_key=DEV_KEY if settings.dev else None,
    )


def _programs(
    settings: Settings,
    live: LiveSessions,
    tracker: Tracker,
    engine: MediaEngine,
    clock: Clock,
    on_error: OnError,
) -> Programs:
    programs = Programs(live, tracker, SoundDesk(engine, clock, on_error), clock, on_error)
    for entry in settings.media.programs:
        programs.add(load_program(entry))
    return programs


def _connect(
    live: LiveSessions,
    meetings: MeetingsService,
    recordings: RecordingsService,
    transcripts: TranscriptsService,
    programs: Programs,
) -> None:
    """Who speaks to whom about live sessions, recordings, captions and programs."""
    meetings.live = live
    live.recordings, live.captions = recordings, transcripts
    live.watcher = SessionWatchers(recordings, transcripts, programs)
    recordings.announce = live.recording_changed
    transcripts.announce, transcripts.say = live.captions_changed, live.captioned


def fault_reporter(metrics: Metrics) -> Callable[[str, BaseException], None]:
    """Logs and counts the fault of a background task: nobody else hears of it."""

    def report(task: str, error: BaseException) -> None:
        metrics.faults.labels(task).inc()
        logger.error("background task failed", task=task, exc_info=error)

    return report


def media(
    settings: Settings, clock: Clock, on_error: OnError, make_engine: MakeEngine | None
) -> tuple[MediaEngine, Recorders]:
    """The media engine and the recorders beside it: in this process, or in workers."""
    rtc, fsync_seconds = engine_settings(settings), settings.recording.fsync_seconds
    workers = media_workers(settings.media, os.cpu_count() or 1)
    if workers and make_engine is None:
        remote = WorkerEngine(
            rtc, workers, fsync_seconds, clock, on_error, caption_engines(settings.transcription)
        )
        return remote, remote.recorders
    engine = (make_engine or real_engine)(rtc, clock, on_error)
    return engine, LocalRecorders(engine, WriterThread(clock, fsync_seconds), clock)


def media_workers(media: MediaSettings, cores: int) -> int:
    """How many media workers run; 0 for none, with media in the server's own process.

    Raises:
        ConfigError: Programs would have to run where the packets are not.
    """
    if media.workers != "auto":
        if media.workers and media.programs:
            raise ConfigError(
                "media.programs run in the server's own process, where no packets are while "
                f"media.workers is {media.workers}",
                "Set media.workers to 0, or leave it out.",
            )
        return media.workers
    return cores - 1 if cores > 2 and not media.programs else 0


def real_engine(settings: RtcSettings, clock: Clock, on_error: OnError) -> MediaEngine:
    """The media engine on aiortc."""
    from media.engine.engine import Engine  # noqa: PLC0415  (slow to import, not used by tests)

    engine = Engine(settings, clock, on_error)
    engine.mixing = Mixes(engine, clock, on_error)
    return engine


def engine_settings(settings: Settings) -> RtcSettings:
    """What the engine is told: addresses resolved; in development it may take another port."""
    hosts = media_hosts(settings)
    fall_back = settings.dev and settings.rtc.udp_port != 0
    return RtcSettings(
        udp_port=settings.rtc.udp_port,
        port_tries=DEV_PORT_TRIES if fall_back else 1,
        bind=hosts,
        advertise=advertised(settings.rtc.advertise, hosts),
        audio_slots=settings.media.audio_slots,
        transport_feedback=settings.rtc.transport_feedback,
    )


def media_hosts(settings: Settings) -> tuple[str, ...]:
    """Addresses that media is listened for on; `::1` only where the machine has it."""
    if settings.rtc.bind or has_ipv6_loopback():
        return settings.media_hosts
    return tuple(host for host in settings.media_hosts if host != "::1")


def signaling_settings(settings: Settings) -> SignalingSettings:
    """What the control plane is told."""
    rtc = settings.rtc
    return SignalingSettings(
        timers=RtcTimers(
            connecting=rtc.connecting_seconds,
            disconnected=rtc.disconnected_seconds,
            disconnected_idle=rtc.disconnected_idle_seconds,
            failed=rtc.failed_seconds,
            left=rtc.left_seconds,
            keep_alive=rtc.keep_alive_seconds,
        ),
        ice_servers=tuple(
            IceServer(tuple(one.urls), one.username, one.credential) for one in rtc.ice_servers
        ),
        audio_slots=settings.media.audio_slots,
        video_slots=settings.media.video_slots,
        allowed_origins=tuple(settings.http.allowed_origins),
        waiting_seconds=settings.rtc.waiting_seconds,
    )


def _providers(settings: Settings) -> Sequence[Provider]:
    return configured_providers(settings.auth.issuers, settings.auth.workos_client_id)


def _issuer(settings: Settings, clock: Clock) -> LocalIssuer | None:
    if not settings.local_issuer:
        return None
    return LocalIssuer.load_or_create(settings.storage.data / ISSUER_FILE, clock)
