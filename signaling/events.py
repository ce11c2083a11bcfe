"""What can happen to a Connection, a Session or a Visitor: facts in the past tense.

They are the machines' only input.

What is to be done about them is in `signaling.commands`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from media.types import Answer, Heard, TrackSource
from signaling.model import ConnectionState, EndReason, Waits


@dataclass(frozen=True, slots=True)
class Opened:
    """The Connection was admitted; its first offer may come."""


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The client sent an offer.

    Attributes:
        offer_id: The client's number for it; each is larger than the one before.
        sources: What each m-line carries, by its identification tag.
    """

    offer_id: int
    sdp: str
    sources: Mapping[str, TrackSource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerMade:
    """The engine answered the pending offer."""

    offer_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """The engine could not answer the pending offer; nothing changed."""

    offer_id: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TransportUp:
    """DTLS is connected; media may flow."""


@dataclass(frozen=True, slots=True)
class TransportClosed:
    """The peer closed its transport on purpose (DTLS close_notify, RFC 8446 section 6.1)."""


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """ICE or DTLS failed for good."""

    reason: EndReason


@dataclass(frozen=True, slots=True)
class TransportLost:
    """We lost the transport ourselves: the media worker that it lived in is gone."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The client says how its media is doing, which does not pass through this server."""

    state: ConnectionState


@dataclass(frozen=True, slots=True)
class SignalingClosed:
    """The peer closed its signaling (a close frame, or its system closed the TCP connection)."""


@dataclass(frozen=True, slots=True)
class SignalingLost:
    """Signaling fell silent; nobody closed it."""


@dataclass(frozen=True, slots=True)
class SignalingBack:
    """The client opened signaling again and keeps this Connection."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The client said that it leaves."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Somebody else ended the Connection."""

    reason: EndReason


@dataclass(frozen=True, slots=True)
class Woke:
    """The alarm went off.

    Attributes:
        heard: When the peer was last heard, looked up at this moment.
    """

    heard: Heard


ConnectionEvent: TypeAlias = (
    Opened
    | OfferReceived
    | AnswerMade
    | AnswerFailed
    | TransportUp
    | TransportClosed
    | TransportFailed
    | TransportLost
    | Reported
    | SignalingClosed
    | SignalingLost
    | SignalingBack
    | Goodbye
    | Ended
    | Woke
)


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Somebody came, got connected or went.

    Attributes:
        live: People with a Connection that was up and has not ended.
        waiting: People whose Connection is not up yet.
        bots: Programs in the meeting; they keep a Session open but make none live.
    """

    live: int
    waiting: int
    bots: int


@dataclass(frozen=True, slots=True)
class EndRequested:
    """A host, a program or the server ended the Session for all."""

    reason: EndReason


@dataclass(frozen=True, slots=True)
class AlarmWent:
    """The Session's, or the Visitor's, alarm went off."""


SessionEvent: TypeAlias = PresenceChanged | EndRequested | AlarmWent


@dataclass(frozen=True, slots=True)
class Knocked:
    """Somebody came to the door."""


@dataclass(frozen=True, slots=True)
class HostPresent:
    """Somebody who may admit is in the meeting."""


@dataclass(frozen=True, slots=True)
class LetIn:
    """Somebody who may opened the door."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Somebody who may said no."""


@dataclass(frozen=True, slots=True)
class WentAway:
    """The visitor's client is gone, or said goodbye."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The wait is over for everybody, or for an earlier page of the same person."""

    reason: EndReason


@dataclass(frozen=True, slots=True)
class Permitted:
    """The visitor's invitation, or what they may do by it, has changed."""

    waits: Waits


VisitorEvent: TypeAlias = (
    Knocked | HostPresent | LetIn | Permitted | TurnedAway | WentAway | Dismissed | AlarmWent
)
