"""The speech engine as the settings want it, beside the media engine."""

from media.captions.port import CaptionEngines, Captioners
from media.captions.room import LocalCaptioners
from media.captions.speech import EngineSpec
from media.clock import Clock
from media.tasks import OnError
from media.workers.remote import WorkerEngine
from server.config import Settings, TranscriptionSettings
from server.services.meetings import MeetingsService
from server.services.recorded_transcripts import RecordedTranscripts
from server.services.recordings import RecordingsService
from server.services.sessions import SessionsService
from server.services.transcripts import TranscriptsService
from server.storage.port import TranscriptStore
from signaling.ports import MediaEngine


def engine_spec(settings: TranscriptionSettings) -> EngineSpec:
    """What an engine's process is told."""
    return EngineSpec(
        name=settings.engine,
        model_path=None if settings.model_path is None else str(settings.model_path),
        url=settings.url,
        key=None if settings.key is None else settings.key.get_secret_value(),
        model=settings.model,
    )


def caption_engines(settings: TranscriptionSettings) -> CaptionEngines:
    """What captions are made with."""
    return CaptionEngines(engine_spec(settings), settings.workers, settings.queue)


def captioners(
    settings: TranscriptionSettings, engine: MediaEngine, clock: Clock, on_error: OnError
) -> Captioners:
    """Who makes captions: beside the engine, where the packets are."""
    if isinstance(engine, WorkerEngine):
        return engine.captioners
    engines = caption_engines(settings)
    return LocalCaptioners(
        engine,
        engines.engine,
        workers=engines.workers,
        places=engines.places,
        clock=clock,
        on_error=on_error,
    )


def captions_of(
    settings: Settings,
    makers: Captioners,
    store: TranscriptStore,
    meetings: MeetingsService,
    sessions: SessionsService,
    clock: Clock,
) -> TranscriptsService:
    """Captions of live sessions, with nothing started."""
    return TranscriptsService(
        store=store,
        captioners=makers,
        meetings=meetings,
        sessions=sessions,
        clock=clock,
        settings=settings.transcription,
    )


def recorded_transcripts(
    settings: Settings,
    store: TranscriptStore,
    recordings: RecordingsService,
    sessions: SessionsService,
    clock: Clock,
    on_error: OnError,
) -> RecordedTranscripts:
    """Transcripts of recordings, with nothing started."""
    return RecordedTranscripts(
        store=store,
        uploads=recordings.uploads,
        sessions=sessions,
        clock=clock,
        engine=engine_spec(settings.transcription),
        language=settings.transcription.language,
        on_error=on_error,
    )
