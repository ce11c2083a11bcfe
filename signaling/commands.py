"""What a machine wants done: commands in the imperative, performed in order by its driver.

They answer the facts of `signaling.events`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from media.types import Answer, TrackSource
from signaling.model import ConnectionState, EndReason, SessionState, VisitorState


@dataclass(frozen=True, slots=True)
class MakeAnswer:
    """Let the engine answer; the result comes back as AnswerMade or AnswerFailed."""

    offer_id: int
    sdp: str
    sources: Mapping[str, TrackSource]


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """Send the engine's answer to the client."""

    offer_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell the client that its offer was refused; the Connection goes on."""

    offer_id: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Set the machine's only alarm, in monotonic seconds; None clears it."""

    when: float | None


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask the peer for a sign of life now."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Record the Connection's new state and tell everybody concerned."""

    state: ConnectionState
    reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class CloseTransport:
    """Close the Connection's transport in the engine and free what it holds."""


ConnectionCommand: TypeAlias = (
    MakeAnswer | SendAnswer | Refuse | WakeAt | Probe | Announce | CloseTransport
)


@dataclass(frozen=True, slots=True)
class AnnounceSession:
    """Record the Session's new state and tell everybody concerned."""

    state: SessionState
    reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class CloseEverybody:
    """End every Connection of the Session."""

    reason: EndReason


@dataclass(frozen=True, slots=True)
class Discard:
    """Forget the Session: it never connected anybody."""


SessionCommand: TypeAlias = WakeAt | AnnounceSession | CloseEverybody | Discard


@dataclass(frozen=True, slots=True)
class AnnounceVisitor:
    """Tell the visitor, and those who may admit, what became of the wait."""

    state: VisitorState
    reason: EndReason | None = None


VisitorCommand: TypeAlias = WakeAt | AnnounceVisitor
