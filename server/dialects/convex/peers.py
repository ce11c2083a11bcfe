"""Connections that clients of this dialect open: joined like others, answered through signals."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from typing_extensions import override

from media.types import QualityLabel, Reading
from server.auth.principal import PrincipalKind
from server.dialects.convex.errors import FunctionFailure, convex_error, refusal
from server.dialects.convex.signals import Signal
from signaling.connection import LiveConnection
from signaling.errors import Refused
from signaling.events import OfferReceived
from signaling.ids import new_id
from signaling.model import MeetingStatus
from signaling.outbox import Outbox
from signaling.ports import JoinRequest
from signaling.replies import AnswerMessage, ErrorMessage, GoodbyeMessage, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.dialects.convex.access import Visit
    from server.dialects.convex.context import Context
    from server.dialects.convex.deployment import Deployment

PROTOCOL: Final = "convex"
ANSWER_SECONDS: Final = 10.0
SCORES: Final = {
    QualityLabel.EXCELLENT: 90.0,
    QualityLabel.GOOD: 78.0,
    QualityLabel.FAIR: 65.0,
    QualityLabel.POOR: 40.0,
}
"""A rating in the middle of each class, for clients that judge themselves."""


class _Box(Outbox):
    """Waits for the answer to the offer that is open; nothing else has anywhere to go."""

    def __init__(self, ended: "Callable[[], None]") -> None:
        self.waiting: asyncio.Future[AnswerMessage | ErrorMessage | None] | None = None
        self._ended = ended

    @override
    def send(self, message: Reply) -> None:
        if isinstance(message, GoodbyeMessage):
            self._give(None)
        elif isinstance(message, AnswerMessage) or (
            isinstance(message, ErrorMessage) and message.in_reply_to == "offer"
        ):
            self._give(message)

    @override
    def close(self, code: int, reason: str) -> None:
        self._give(None)
        self._ended()

    def _give(self, message: AnswerMessage | ErrorMessage | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(message)


@dataclass(slots=True)
class Peer:
    """A Connection that a client of this dialect opened.

    Attributes:
        owner: The client's id among users.
        offers: How many offers came.
    """

    live: LiveConnection
    owner: str
    box: _Box
    offers: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Peers:
    """Every Connection of this dialect's clients, and how they find the others.

    Args:
        deployment: The dialect's own state.
    """

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._peers: dict[str, Peer] = {}
        self._opening: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._peers)

    def find(self, meeting_id: str, name: str) -> LiveConnection | None:
        """The meeting's Connection that its client calls so, however it was opened."""
        session = self._deployment.app.live.session(meeting_id)
        if session is None:
            return None
        found = [live for live in session.connections() if live.record.client_name == name]
        return found[-1] if found else None

    async def own(self, visit: "Visit", name: str) -> LiveConnection | None:
        """The caller's Connection of this name; None when there is none, or somebody else's."""
        live = self.find(visit.meeting.id, name)
        if live is None or await self._owner(live) != visit.user:
            return None
        return live

    async def create(self, context: "Context", visit: "Visit", name: str) -> LiveConnection:
        """The caller's Connection of this name, opened when there is none.

        Raises:
            FunctionFailure: `CONFLICT`, `VALIDATION_ERROR`, or what admission refuses.
        """
        key = (visit.meeting.id, name)
        lock = self._opening.setdefault(key, asyncio.Lock())
        async with lock:
            live = self.find(visit.meeting.id, name)
            if live is not None:
                if await self._owner(live) != visit.user:
                    raise convex_error("CONFLICT", "This sessionId belongs to another user", 409)
                return live
            return await self._open(context, visit, name)

    async def offer(self, context: "Context", visit: "Visit", name: str, sdp: str) -> None:
        """Answer an offer; the answer waits among the caller's signals.

        Raises:
            FunctionFailure: `VALIDATION_ERROR`: the offer cannot be applied; nothing changed.
        """
        peer = await self._peer(context, visit, name)
        async with peer.lock:
            loop = asyncio.get_running_loop()
            peer.box.waiting = loop.create_future()
            peer.offers += 1
            peer.live.driver.post(OfferReceived(peer.offers, sdp))
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await peer.box.waiting
            except TimeoutError:
                raise convex_error("UNAVAILABLE", "The media server gave no answer", 503) from None
        if answer is None:
            raise unknown_session()
        if isinstance(answer, ErrorMessage):
            raise convex_error("VALIDATION_ERROR", answer.message, 400)
        self._deployment.signals.put(
            visit.meeting.id,
            visit.user,
            Signal(
                id=new_id(),
                from_user=self._deployment.server_user,
                session=name,
                kind="sdp",
                data={"sdp": answer.sdp, "type": "answer"},
                timestamp=self._deployment.now_ms,
            ),
        )

    async def candidate(self, context: "Context", visit: "Visit", name: str, text: str) -> None:
        """Hand a candidate of the caller's to the media server; empty text ends them."""
        peer = await self._peer(context, visit, name)
        peer.live.driver.add_candidate(text)

    def judge(self, live: LiveConnection, label: QualityLabel, reading: "ClientReading") -> None:
        """Take a client's own judgement where the server has none."""
        if live.record.quality is not None and live.record.quality_reason != CLIENT_JUDGED:
            return
        live.quality_changed(
            live.id,
            Reading(
                label,
                SCORES[label],
                CLIENT_JUDGED,
                reading.loss_percent,
                reading.round_trip_ms,
                reading.jitter_ms,
            ),
        )

    async def _peer(self, context: "Context", visit: "Visit", name: str) -> Peer:
        live = await self.create(context, visit, name)
        peer = self._peers.get(live.id)
        if peer is None:
            raise convex_error(
                "VALIDATION_ERROR", "This session was opened by another protocol", 400
            )
        return peer

    async def _open(self, context: "Context", visit: "Visit", name: str) -> LiveConnection:
        meeting = visit.meeting
        if meeting.status is MeetingStatus.INACTIVE:
            raise convex_error(
                "VALIDATION_ERROR", "Cannot create WebRTC session for inactive meeting", 400
            )
        made: list[str] = []
        box = _Box(lambda: self._forget(made))
        request = JoinRequest(
            meeting=meeting.id,
            token=context.credential,
            name=await self._name(context, meeting.id),
            address=context.address,
        )
        try:
            live = await self._deployment.app.live.join(
                request, protocol=PROTOCOL, outbox=box, client_name=name
            )
        except Refused as refused:
            raise refusal(refused) from refused
        made.append(live.id)
        if not live.record.state.final:
            self._peers[live.id] = Peer(live, visit.user, box)
        return live

    async def _name(self, context: "Context", meeting_id: str) -> str | None:
        """What to call somebody: as registered, as the token says, as known; never nothing."""
        app, principal = context.app, context.principal
        if principal.sub is None or principal.kind is PrincipalKind.JOIN:
            return None  # the join token says it
        registered = await app.meetings.registered_name(meeting_id, principal.sub)
        user = await app.users.by_sub(principal.sub)
        return registered or principal.name or (user.name if user is not None else None) or "Guest"

    async def _owner(self, live: LiveConnection) -> str | None:
        peer = self._peers.get(live.id)
        if peer is not None:
            return peer.owner
        member = live.session.member(live.participant_id)
        if member is None:
            return None
        sub = member.participant.user_id
        if sub is None:
            return member.participant.id
        user = await self._deployment.app.users.by_sub(sub)
        return user.id if user is not None else None

    def _forget(self, made: list[str]) -> None:
        for connection_id in made:
            _ = self._peers.pop(connection_id, None)


CLIENT_JUDGED: Final = "client"
"""Why a quality is not the server's own."""


@dataclass(frozen=True, slots=True)
class ClientReading:
    """What a client measured itself."""

    loss_percent: float
    round_trip_ms: float
    jitter_ms: float


def unknown_session() -> FunctionFailure:
    """The words of the published app, its slip included."""
    return convex_error("NOT_FOUND", "WebRTC session not found not found", 404)
