"""What the edges of the process are handed: every service, built by the composition root."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from media.clock import Clock
from server.config import Settings
from server.observability.metrics import Metrics
from server.storage.port import Storage
from signaling.ports import MediaEngine

if TYPE_CHECKING:
    from server.auth.authenticate import Authenticator
    from server.auth.issuer import LocalIssuer
    from server.auth.jwks import WebDocuments
    from server.auth.keys import KeyRing
    from server.auth.tokens import TokenSigner
    from server.bots import Abroad
    from server.services.admission import Admissions
    from server.services.bots import BotsService
    from server.services.meetings import MeetingsService
    from server.services.programs import Programs
    from server.services.quality import QualityService
    from server.services.recorded_transcripts import RecordedTranscripts
    from server.services.recordings import RecordingsService
    from server.services.sessions import SessionsService
    from server.services.shares import Shares
    from server.services.tracker import Tracker
    from server.services.transcripts import TranscriptsService
    from server.services.users import UsersService
    from signaling.hub import LiveSessions


@dataclass(slots=True)
class Health:
    """Whether the process takes work: turned by the lifecycle, read by /readyz and admission."""

    ready: bool = False
    draining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The process's parts.

    Attributes:
        issuer: Signs user tokens in development mode; None when it is off.
        dev_key: The API key of development mode; None outside it.
    """

    settings: Settings
    clock: Clock
    engine: MediaEngine
    live: "LiveSessions"
    tracker: "Tracker"
    meetings: "MeetingsService"
    sessions: "SessionsService"
    recordings: "RecordingsService"
    transcripts: "TranscriptsService"
    programs: "Programs"
    recorded_transcripts: "RecordedTranscripts"
    bots: "BotsService"
    abroad: "Abroad"
    shares: "Shares"
    quality: "QualityService"
    users: "UsersService"
    keys: "KeyRing"
    gate: "Admissions"
    authenticator: "Authenticator"
    signer: "TokenSigner"
    issuer: "LocalIssuer | None"
    documents: "WebDocuments"
    storage: Storage
    metrics: Metrics
    dev_key: str | None = None
    health: Health = field(default_factory=Health)
