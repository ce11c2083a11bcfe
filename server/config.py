"""Every setting: one tree, described, with defaults that are safe.

Precedence: flag, then environment (`ROOMTONE_RTC__UDP_PORT`), then file (TOML), then default.
Reading them is in `server.configfiles`; this module holds the tree alone.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

DEV_KEY = "rt_dev"
PREFIX = "ROOMTONE_"
GIB = 1 << 30


def _origin(text: str) -> str:
    url = AnyHttpUrl(text)
    return str(url).rstrip("/")


Url = Annotated[str, AfterValidator(_origin)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class Group(BaseModel):
    """A group of settings; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class IceServerSettings(Group):
    """A STUN or TURN server that browsers are told to use."""

    urls: list[str] = Field(min_length=1, description="`stun:` or `turn:` addresses.")
    username: str | None = Field(default=None, description="User name for TURN.")
    credential: str | None = Field(default=None, description="Password for TURN.")


class IssuerSettings(Group):
    """An identity provider whose user tokens are accepted."""

    issuer: str = Field(min_length=1, description="The token's `iss`, exactly.")
    jwks: str | None = Field(
        default=None,
        description="Where its keys are (`https:`, `file:` or `data:`); "
        "an `oidc` provider needs none.",
    )
    algorithms: list[str] = Field(
        default=["RS256", "ES256"], min_length=1, description="Accepted signature algorithms."
    )
    audience: str | None = Field(default=None, description="Required `aud`; unchecked when unset.")
    type: Literal["jwt", "oidc"] = Field(
        default="jwt", description="`oidc` finds the keys by OpenID Connect discovery."
    )


class HttpSettings(Group):
    """The HTTP side: pages, API, WebSocket."""

    host: str | None = Field(
        default=None,
        description="Address to listen on. Default: 127.0.0.1 and ::1 in development mode, "
        "0.0.0.0 otherwise.",
    )
    port: Port = Field(default=8080, description="TCP port; 0 lets the system choose.")
    public_url: Url | None = Field(
        default=None,
        description="Where people reach this server, such as `https://meet.example.org`; "
        "used in links. Default: http://localhost and the port.",
    )
    allowed_origins: list[str] = Field(
        default=[], description="Origins of other web pages that may use API and WebSocket."
    )
    security_contact: str | None = Field(
        default=None,
        pattern="^(mailto|https|tel):",
        description="Where to report a security problem, such as `mailto:security@example.org`; "
        "shown in `/.well-known/security.txt`.",
    )
    max_body_bytes: int = Field(
        default=1_048_576, ge=1024, description="Largest request body on the native API, bytes."
    )
    shutdown_seconds: Seconds = Field(
        default=5.0, description="How long open requests may take to finish at a stop."
    )


class RtcSettings(Group):
    """The media port and the timers of connections."""

    udp_port: Port = Field(default=40000, description="The one UDP port of all media; 0: any.")
    bind: list[str] = Field(
        default=[],
        description="Addresses the media port listens on. Default: 127.0.0.1 and ::1 in "
        "development mode, 0.0.0.0 otherwise.",
    )
    advertise: list[str] = Field(
        default=["auto"],
        min_length=1,
        description="Addresses that browsers are told to send media to; `auto` is every "
        "address of this machine that the media port listens on.",
    )
    transport_feedback: bool = Field(
        default=False,
        description="Tell senders of video when each packet came (transport-wide congestion "
        "control), so that they slow down before packets are lost. Needs a machine that is "
        "seldom busy: its own delays look like the network's.",
    )
    ice_servers: list[IceServerSettings] = Field(
        default=[], description="STUN and TURN servers for browsers; usually none is needed."
    )
    connecting_seconds: Seconds = Field(
        default=30.0, description="A connection that is not up by then has failed."
    )
    disconnected_seconds: Seconds = Field(
        default=5.0, description="Silence until `disconnected` while media flowed."
    )
    disconnected_idle_seconds: Seconds = Field(
        default=7.0, description="Silence until `disconnected` while no media flowed."
    )
    failed_seconds: Seconds = Field(
        default=30.0, description="From `disconnected` to `failed`; until then a return resumes."
    )
    left_seconds: Seconds = Field(
        default=1.5, description="Silence until `closed` after the page closed its WebSocket."
    )
    keep_alive_seconds: Seconds = Field(
        default=60.0, description="A session that nobody is in ends after that."
    )
    waiting_seconds: Seconds = Field(
        default=1800.0, description="How long somebody may wait at a meeting's door."
    )


class MediaSettings(Group):
    """What a meeting carries, and in how many processes."""

    workers: Annotated[int, Field(ge=0, le=64)] | Literal["auto"] = Field(
        default="auto",
        description="Processes that media runs in, worker i on UDP port `rtc.udp_port` + i; 0 runs "
        "it in the server's own. `auto` is one less than there are cores, and 0 with two or fewer.",
    )

    audio_slots: int = Field(
        default=3, ge=1, le=16, description="Loudest speakers that each person hears."
    )
    video_slots: int = Field(
        default=9, ge=0, le=49, description="Videos that each person sees at most."
    )
    max_participants: int = Field(
        default=100, ge=1, le=1000, description="People in a meeting that names no limit itself."
    )
    processing: bool = Field(
        default=True,
        description="Let browsers cancel echo, suppress noise and control gain; "
        "`?processing=off` on a page turns it off there.",
    )
    redundancy: bool = Field(
        default=False,
        description="Let microphones repeat the packet before in every packet (RFC 2198), which "
        "rides over twice the loss for about twice the bitrate; `?redundancy=on` on a page turns "
        "it on there.",
    )
    programs: list[str] = Field(
        default=[],
        description="Python functions that hear, and speak in, every session: `module:function` or "
        "`file.py:function`. They run in the server's own process, so `auto` workers are none.",
    )


class RecordingSettings(Group):
    """Recordings on disk."""

    directory: Path | None = Field(
        default=None,
        description="Where recordings go. Default: `recordings` in the data directory.",
    )
    fsync_seconds: Seconds = Field(
        default=5.0, description="Audio that a power cut may cost at most."
    )
    media: Literal["audio", "audio_video"] = Field(
        default="audio",
        description="What a recording holds when its start does not say: `audio`, or cameras and "
        "screens too (`audio_video`, about 0.7 GB for each camera and hour).",
    )
    video_height: int = Field(
        default=0,
        ge=0,
        le=4320,
        description="Of pictures that are sent in several sizes, the smallest of about so many "
        "lines is recorded; 0 for the largest that arrives.",
    )
    rtplog: bool = Field(
        default=True,
        description="Log when each packet came beside the files (4.3 MB per track and hour), so "
        "that they can be aligned anew and a manifest be made again.",
    )
    on_pause: Literal["silence", "cut"] = Field(
        default="silence",
        description="`silence` keeps one time line through a pause; `cut` ends every file and "
        "begins others afterwards.",
    )
    floor_bytes: int = Field(
        default=2 * GIB,
        ge=0,
        description="Free disk space below which no recording starts and running ones are stopped.",
    )
    max_seconds: float = Field(
        default=86_400.0, gt=0, le=604_800, description="Longest recording; then it is stopped."
    )
    retention_days: float = Field(
        default=30.0,
        ge=0,
        le=36_500,
        description="Recordings are deleted that many days after their end; 0 keeps them for good.",
    )


class ObjectStorageSettings(Group):
    """Where finished recordings go besides the local disk."""

    url: str | None = Field(
        default=None,
        pattern=r"^(s3|gs|az|file)://",
        description="`s3://bucket/prefix`, and likewise `gs://` and `az://`; `file:///path` for "
        "a directory, such as a mounted one. Without it recordings stay on the local disk. Needs "
        "`roomtone[s3]`.",
    )
    endpoint: Url | None = Field(
        default=None, description="Address of a server that speaks S3, where it is not Amazon's."
    )
    region: str | None = Field(default=None, description="Region of the bucket.")
    access_key_id: str | None = Field(
        default=None,
        description="Without it and the next one the usual variables of the environment hold, "
        "such as `AWS_ACCESS_KEY_ID`, or the machine's own role.",
    )
    secret_access_key: SecretStr | None = Field(default=None, description="Belongs to it.")
    timeout_seconds: Seconds = Field(
        default=60.0, description="The longest that one request may take, its body included."
    )
    attempts: int = Field(
        default=5,
        ge=1,
        le=50,
        description="How often an upload is tried, with longer and longer waits; five minutes "
        "later it begins again.",
    )
    local_days: float = Field(
        default=1.0,
        ge=0,
        le=36_500,
        description="How long the local files stay after they were seen whole in the object "
        "storage, or were last fetched from it.",
    )


class TranscriptionSettings(Group):
    """Captions and transcripts: which speech engine, and how much it may do."""

    engine: Literal["pocketsphinx", "faster-whisper", "openai-http", "null"] = Field(
        default="pocketsphinx",
        description="`pocketsphinx` works offline out of the box: English only, low accuracy. "
        "`faster-whisper` needs `roomtone[whisper]` and `transcription.model_path`; `openai-http` "
        "needs `transcription.url`; `null` writes nothing.",
    )
    language: str = Field(
        default="en",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        description="Language of captions that are started without one (BCP 47).",
    )
    required: bool = Field(
        default=False,
        description="Refuse to start captions with 503 when the engine cannot run, rather than "
        "going on without text.",
    )
    model_path: Path | None = Field(
        default=None, description="Directory of a CTranslate2 Whisper model, for `faster-whisper`."
    )
    url: Url | None = Field(
        default=None,
        description="Speech server for `openai-http`, without `/v1/audio/transcriptions`.",
    )
    key: SecretStr | None = Field(default=None, description="API key of the speech server.")
    model: str = Field(default="whisper-1", description="Model asked for at the speech server.")
    workers: int = Field(
        default=1, ge=1, le=16, description="Engine processes; each does one utterance at a time."
    )
    queue: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="Finished utterances that may wait for an engine; later ones are left to the "
        "recording.",
    )


class BotsSettings(Group):
    """Bots that join meetings: how many, and how long they wait."""

    max_active: int = Field(
        default=10, ge=1, le=10_000, description="Bots of one account at the same time."
    )
    requests_per_minute: int = Field(
        default=600,
        ge=1,
        le=1_000_000,
        description="Requests of one key or user below `/v1/meeting-buddy` in a minute.",
    )
    waiting_room_seconds: Seconds = Field(
        default=900.0, description="How long a bot waits to be let in."
    )
    nobody_joined_seconds: Seconds = Field(
        default=600.0, description="A bot that met nobody leaves after that."
    )
    everyone_left_seconds: Seconds = Field(
        default=60.0, description="A bot leaves that long after the last person."
    )
    silence_seconds: Seconds = Field(
        default=600.0, description="A bot leaves when nobody spoke for so long."
    )
    silence_armed_seconds: Seconds = Field(
        default=1200.0, description="Silence counts only after that much time in the meeting."
    )
    max_seconds: Seconds = Field(default=14_400.0, description="Longest stay of a bot.")
    leave_seconds: Seconds = Field(
        default=8.0, description="How long leaving may take before the bot is ended anyway."
    )
    stop_wait_seconds: Seconds = Field(
        default=10.0, description="How long a request to stop waits for the bot to be out."
    )
    retry_seconds: list[Seconds] = Field(
        default=[30.0, 120.0, 300.0],
        max_length=10,
        description="Pauses before a join that failed for a passing cause is tried again.",
    )
    sites: dict[str, str] = Field(
        default={},
        max_length=1000,
        description="Sites that bots go to with a browser: a host (`meet.example.org`, with its "
        "port where it is another than 443; a whole origin where it is plain http) and the "
        "recipe for it, `roomtone`, `google_meet`, `teams`, `zoom`, `webex`, or one of your own "
        "as `module:NAME` or `file.py:NAME`.",
    )
    max_browsers: int = Field(
        default=4,
        ge=0,
        le=1000,
        description="Browsers at the same time, one for each bot in a foreign meeting; each "
        "takes 0.5 GB of memory and more, as the site wants. 0 keeps bots out of foreign "
        "meetings.",
    )
    browser_program: Path | None = Field(
        default=None, description="The Chromium to use. Default: the one on the PATH."
    )
    browser_shown: bool = Field(
        default=False,
        description="Show the browsers of bots on the screen that `DISPLAY` names, a virtual one "
        "too, for sites that refuse browsers without a screen.",
    )
    browser_join_seconds: Seconds = Field(
        default=60.0,
        description="A foreign page that shows no way into the meeting by then is given up.",
    )
    media_lost_seconds: Seconds = Field(
        default=30.0,
        description="A bot in a foreign meeting whose page had no connection for so long fails.",
    )


class AuthSettings(Group):
    """Who may do what."""

    secret: SecretStr | None = Field(
        default=None,
        description="Signs join tokens, at least 32 characters. Required outside development "
        "mode; make one with `roomtone secret create`.",
    )
    issuers: list[IssuerSettings] = Field(
        default=[], description="Identity providers whose user tokens are accepted."
    )
    workos_client_id: str | None = Field(
        default=None, description="Accept user tokens of this WorkOS client."
    )
    local_issuer: bool | None = Field(
        default=None,
        description="Accept user tokens made by `roomtone token user`. Default: only in "
        "development mode.",
    )
    join_ttl_seconds: int = Field(
        default=3600, ge=10, le=31_536_000, description="Life of a join token that asks for none."
    )
    provision_users: bool = Field(
        default=True, description="Let users with a good token in before anybody registered them."
    )

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.secret is not None and len(self.secret.get_secret_value()) < 32:
            raise ValueError("auth.secret needs at least 32 characters")
        return self


class ConvexSettings(Group):
    """The Convex dialect."""

    redact_errors: bool = Field(
        default=False,
        description="Tell Convex clients only `Server Error` as a production deployment does; "
        "the data of expected refusals stays.",
    )


class StorageSettings(Group):
    """Data at rest."""

    data: Path = Field(
        default=Path(".roomtone"), description="Directory of everything that is kept."
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy address. Default: SQLite in the data directory."
    )
    events_days: int = Field(
        default=90, ge=1, description="Events of ended sessions are dropped after that many days."
    )
    quality_days: int = Field(
        default=30,
        ge=1,
        description="Samples of connection quality are dropped after that many days.",
    )


class Settings(BaseSettings):
    """The tree.

    Made by itself it takes its arguments and defaults alone; `server.configfiles.load` names the
    other sources.
    """

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    dev: bool = Field(
        default=False,
        description="Development mode: this machine only, no sign-in, API key `rt_dev`.",
    )
    http: HttpSettings = HttpSettings()
    rtc: RtcSettings = RtcSettings()
    media: MediaSettings = MediaSettings()
    recording: RecordingSettings = RecordingSettings()
    object_storage: ObjectStorageSettings = ObjectStorageSettings()
    transcription: TranscriptionSettings = TranscriptionSettings()
    bots: BotsSettings = BotsSettings()
    auth: AuthSettings = AuthSettings()
    storage: StorageSettings = StorageSettings()
    convex: ConvexSettings = ConvexSettings()

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments alone: where a value comes from is never a surprise."""
        return (init_settings,)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Addresses that the HTTP side listens on."""
        if self.http.host is not None:
            return (self.http.host,)
        return ("127.0.0.1", "::1") if self.dev else ("0.0.0.0",)  # noqa: S104  (documented)

    @property
    def media_hosts(self) -> tuple[str, ...]:
        """Addresses that the media port listens on."""
        if self.rtc.bind:
            return tuple(self.rtc.bind)
        return ("127.0.0.1", "::1") if self.dev else ("0.0.0.0",)  # noqa: S104  (documented)

    @property
    def recordings_directory(self) -> Path:
        """Where recordings go."""
        return self.recording.directory or self.storage.data / "recordings"

    @property
    def database_url(self) -> str:
        """The database's SQLAlchemy address."""
        if self.storage.database_url:
            return self.storage.database_url
        return f"sqlite+aiosqlite:///{(self.storage.data / 'roomtone.db').absolute()}"

    @property
    def public_url(self) -> str:
        """Base of every link, without a slash at its end."""
        return self.http.public_url or f"http://localhost:{self.http.port}"

    @property
    def local_issuer(self) -> bool:
        """Whether user tokens of the local issuer are accepted."""
        return self.dev if self.auth.local_issuer is None else self.auth.local_issuer
