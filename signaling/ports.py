"""What the control plane asks of the rings beside it; the composition root has the adapters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from media.types import (
    Answer,
    ConnectionListener,
    ConnectionSpec,
    ConnectionStats,
    Heard,
    ListenerStats,
    Publication,
    RecordedMedia,
    RoomListener,
    TileRequest,
    TrackSource,
)
from media.video import RoomTaps
from signaling.model import (
    CaptionsNotice,
    Meeting,
    ParticipantKind,
    Permissions,
    RecordingNotice,
    Role,
    WaitingRoom,
    Waits,
)


class MediaEngine(RoomTaps, Protocol):
    """The media plane as the control plane sees it: connections in rooms.

    Calls that name an unknown connection raise MediaError in `answer` and `add_candidate` and are
    harmless elsewhere.
    """

    @property
    def udp_port(self) -> int:
        """The media port in use."""
        ...

    async def start(self) -> None:
        """Bind the media port; MediaError when it is taken."""

    async def stop(self) -> None:
        """Close every connection and the port."""

    def open(self, spec: ConnectionSpec, listener: ConnectionListener) -> None:
        """Announce a connection before its first offer."""

    async def answer(
        self, connection_id: str, offer_sdp: str, sources: Mapping[str, TrackSource]
    ) -> Answer:
        """Answer a first or later offer; `sources` maps m-line tags to what they carry.

        Raises:
            NegotiationError: The offer cannot be answered; nothing changed.
        """
        ...

    async def add_candidate(self, connection_id: str, candidate: str) -> None:
        """Add a remote candidate (RFC 8839 candidate-attribute); empty text ends them.

        Raises:
            NegotiationError: `invalid_candidate`.
        """

    async def close(self, connection_id: str) -> None:
        """Close a connection; idempotent."""

    def heard(self, connection_id: str) -> Heard:
        """When the connection was last heard."""
        ...

    def probe(self, connection_id: str) -> None:
        """Ask the peer for a sign of life now."""

    def set_view(self, connection_id: str, tiles: Sequence[TileRequest]) -> None:
        """What the page shows, most important first."""

    def set_listener_stats(self, connection_id: str, stats: Sequence[ListenerStats]) -> None:
        """What the client says of the media it receives; believed where its reports are missing."""

    def set_muted(self, connection_id: str, source: TrackSource, *, muted: bool) -> None:
        """Drop (or accept again) a source's packets before anybody gets them."""

    def stats(self, connection_id: str) -> ConnectionStats:
        """Counters and latest quality."""
        ...

    def listen_room(self, room_id: str, listener: RoomListener | None) -> None:
        """Report who speaks in a room; None stops."""

    def publish(self, spec: ConnectionSpec) -> Publication:
        """A microphone of a program of this process, in a room, without a peer connection.

        Raises:
            MediaError: The connection's id is taken, or packets stay in media workers.
        """
        ...


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Who wants to join, as the wire said it.

    Attributes:
        meeting: Meeting id in any form that the server accepts.
        token: Join token, API key or user token; None for a guest with the link.
        name: Wanted display name; None takes the token's.
        resume: Resume token of an earlier welcome.
        user_id: Wanted identity; honoured for API keys only.
        address: Remote address, for rate limits and logs.
    """

    meeting: str
    token: str | None
    name: str | None
    resume: str | None = None
    user_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to a join request: who this is, in which meeting, with which rights.

    Attributes:
        participant_id: Set when a resume token or join token names an existing participant.
        resumed_session_id: The session that the resume token was issued in.
        invitation_id: The invitation that this stands on, if any.
        permissions: What an invitation grants; None for what the role may do.
    """

    meeting: Meeting
    name: str
    role: Role
    user_id: str | None
    kind: ParticipantKind = ParticipantKind.PERSON
    participant_id: str | None = None
    resumed_session_id: str | None = None
    invitation_id: str | None = None
    permissions: Permissions | None = None

    @property
    def waits(self) -> Waits:
        """Whether they must wait at the door: an invitation's word goes before the meeting's."""
        granted = self.permissions
        if (granted or Permissions.of(self.role)).admit:
            return Waits.NO
        if granted is not None:
            return granted.waits
        wanted = self.meeting.waiting_room is WaitingRoom.ON
        return Waits.UNTIL_ADMITTED if wanted else Waits.NO


class Gate(Protocol):
    """Admission: checks tokens and meetings."""

    async def admit(self, request: JoinRequest) -> Admission:
        """Decide.

        Raises:
            Refused: `meeting_not_found`, `meeting_inactive`, `token_required`, `token_invalid`,
                `token_expired`, `token_for_another_meeting`, `name_required`, `name_invalid`,
                `rate_limited`.
        """
        ...

    async def renew(self, admission: Admission) -> Admission:
        """The same admission as meeting and invitation stand now, for somebody who waited.

        Raises:
            Refused: `meeting_not_found`, `meeting_inactive`, `token_invalid`.
        """
        ...

    def resume_token(self, admission: Admission, *, session_id: str, participant_id: str) -> str:
        """A token that lets the same participant come back without a join token."""
        ...


class RecordingControl(Protocol):
    """Recording as a host in the meeting may command it."""

    async def start(
        self, meeting_id: str, by: str | None, media: RecordedMedia | None = None
    ) -> RecordingNotice:
        """Start; Refused `recording_running` (with `recording_id`) when one is active.

        Without `media` the server's setting says whether pictures are recorded too.
        """
        ...

    async def pause(self, recording_id: str) -> RecordingNotice:
        """Pause."""
        ...

    async def resume(self, recording_id: str) -> RecordingNotice:
        """Go on after a pause."""
        ...

    async def stop(self, recording_id: str, by: str | None) -> RecordingNotice:
        """Stop; returns at once with `stopping` or later."""
        ...


class CaptionControl(Protocol):
    """Captions as a host in the meeting may command them."""

    async def start(
        self, meeting_id: str, language: str | None = None, *, owner: str
    ) -> CaptionsNotice:
        """Start them, or share them when they run; they end when nobody who started wants them."""
        ...

    async def stop_all(self, session_id: str) -> None:
        """Stop them, whoever started them."""
        ...


class SessionWatcher(Protocol):
    """Told about the turns of a session's life that others must act on, on the event loop."""

    async def session_started(self, meeting: Meeting, session_id: str) -> None:
        """The first person is connected: start the recording if the meeting wants it."""

    async def session_ended(self, meeting_id: str, session_id: str) -> None:
        """Nobody is left or a host ended it: stop what runs."""


@dataclass(frozen=True, slots=True)
class RtcTimers:
    """Timers of connections and sessions, in seconds.

    Attributes:
        connecting: A connection that is not up by then has failed.
        disconnected: Silence until `disconnected` while media flowed.
        disconnected_idle: The same when no media flowed.
        failed: From `disconnected` to `failed`.
        left: Silence until `closed` after the page closed its WebSocket.
        keep_alive: An empty session ends after that.
    """

    connecting: float = 30.0
    disconnected: float = 5.0
    disconnected_idle: float = 7.0
    failed: float = 30.0
    left: float = 1.5
    keep_alive: float = 60.0


@dataclass(frozen=True, slots=True)
class IceServer:
    """A TURN or STUN server that clients are told to use (W3C RTCIceServer)."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None
