"""The connector port: what a bot asks of a platform, and what it is told.

A connector serves one bot: a `ConnectorFactory` makes one for each attempt to join.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from server.connectors.links import ParsedLink, Platform

LEAVE_SECONDS: Final = 8.0
"""How long `leave` and `withdraw` may take at most."""


class FailureCode(StrEnum):
    """Why a bot failed; stable words."""

    JOIN_FAILED = "JOIN_FAILED"
    MEETING_NOT_FOUND = "MEETING_NOT_FOUND"
    WAITING_ROOM_TIMEOUT = "WAITING_ROOM_TIMEOUT"
    ADMISSION_DENIED = "ADMISSION_DENIED"
    LOGIN_REQUIRED = "LOGIN_REQUIRED"
    BLOCKED_BY_CAPTCHA = "BLOCKED_BY_CAPTCHA"
    PLATFORM_NOT_AVAILABLE = "PLATFORM_NOT_AVAILABLE"
    MEDIA_TIMEOUT = "MEDIA_TIMEOUT"
    BOT_CRASHED = "BOT_CRASHED"
    SERVER_RESTARTED = "SERVER_RESTARTED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class BotEnd(StrEnum):
    """Why a bot that was in came out."""

    STOPPED = "stopped"
    MEETING_ENDED = "meeting_ended"
    REMOVED = "removed"
    EVERYONE_LEFT = "everyone_left"
    NOBODY_JOINED = "nobody_joined"
    SILENCE = "silence"
    MAX_DURATION = "max_duration"


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether bots can go to a platform now.

    Attributes:
        reason: One sentence for a person when they cannot.
    """

    ok: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who comes.

    Attributes:
        bot_id: Canonical UUIDv7 of the bot.
        name: As others see it.
        account: Whose bot it is.
        debug: Show the browser, where there is one.
    """

    bot_id: str
    name: str
    account: str
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Lobby:
    """The bot waits to be let in."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The bot is in.

    Attributes:
        meeting_id: Our Meeting that it sits in or publishes into.
        session_id: That meeting's Session, where one runs.
    """

    meeting_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """Nobody let the bot in, for good."""

    reason: str
    code: FailureCode = FailureCode.ADMISSION_DENIED


@dataclass(frozen=True, slots=True)
class PersonJoined:
    """Somebody, never a bot, came or was there before."""

    person_id: str
    name: str


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """Somebody is gone."""

    person_id: str


@dataclass(frozen=True, slots=True)
class PersonRenamed:
    """Somebody has another name."""

    person_id: str
    name: str


@dataclass(frozen=True, slots=True)
class TrackAdded:
    """A track of somebody's is captured from now on; `person_id` is None when unsure whose."""

    track_id: str
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class TrackRemoved:
    """It no longer is."""

    track_id: str


@dataclass(frozen=True, slots=True)
class SessionBound:
    """Our Session behind the bot began, or ended when `session_id` is None."""

    session_id: str | None


@dataclass(frozen=True, slots=True)
class RecordingBegan:
    """Somebody's media is being written.

    Attributes:
        own: The bot began it, and stops it; else somebody records the same tracks already.
    """

    recording_id: str
    own: bool = True


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """The bot is in, and nothing is recorded; it goes on without.

    Attributes:
        code: Stable, such as `recording_off` or `disk_full`.
        message: One sentence for a person.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SoundChanged:
    """Somebody began to speak, or nobody speaks any more."""

    sounding: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The bot is out for another reason than `leave`."""

    reason: BotEnd


@dataclass(frozen=True, slots=True)
class Failed:
    """The connector gave up; `transient` faults of a join are tried again."""

    code: FailureCode
    message: str
    transient: bool = False


ConnectorEvent: TypeAlias = (
    Lobby
    | Admitted
    | Denied
    | PersonJoined
    | PersonLeft
    | PersonRenamed
    | TrackAdded
    | TrackRemoved
    | SessionBound
    | RecordingBegan
    | NotRecorded
    | SoundChanged
    | Ended
    | Failed
)


class Connector(Protocol):
    """One bot's way into one meeting of a platform."""

    @property
    def platform(self) -> Platform:
        """Whose meetings it joins."""
        ...

    async def available(self) -> Availability:
        """Whether it could join now: its programs are installed and not forbidden."""
        ...

    async def join(self, link: ParsedLink, bot: BotIdentity) -> None:
        """Set out; returns early. What comes of it is told by `events`, faults too."""

    async def leave(self) -> None:
        """Go, within `LEAVE_SECONDS`; what was captured is kept. `events` ends. Idempotent."""

    async def withdraw(self) -> None:
        """Take back the wish to be let in, within `LEAVE_SECONDS`. `events` ends. Idempotent."""

    def events(self) -> AsyncIterator[ConnectorEvent]:
        """What happens, in order, for one reader.

        Ends after `Denied`, `Ended` or `Failed`, or once the bot left or withdrew.
        """
        ...


ConnectorFactory: TypeAlias = Callable[[], Connector]
