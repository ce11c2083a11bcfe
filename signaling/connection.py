"""One Connection of a live Session: between its client's messages, its machine and its media."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from typing_extensions import override

from media.picture import Picture
from media.types import (
    Answer,
    ConnectionListener,
    Reading,
    SlotState,
    TrackSource,
    TrackState,
    TransportInfo,
)
from signaling.codes import GOODBYE_CODES, GOODBYE_TEXTS, NORMAL, REJOIN
from signaling.connection_machine import ConnectionMachine
from signaling.context import Context
from signaling.driver import Driver, DriverListener
from signaling.events import (
    Ended,
    Goodbye,
    Opened,
    SignalingBack,
    SignalingClosed,
    SignalingLost,
    TransportClosed,
    TransportFailed,
    TransportLost,
    TransportUp,
)
from signaling.model import Connection, ConnectionState, EndReason, Track
from signaling.outbox import ClosedOutbox, Outbox
from signaling.replies import AnswerMessage, ErrorMessage, GoodbyeMessage, Reply, Slots
from signaling.views import quality_view, slot_views

if TYPE_CHECKING:
    from signaling.session import LiveSession

_LOG = logging.getLogger("roomtone.signaling")

_FAILURES = {
    "ice_failed": EndReason.ICE_FAILED,
    "dtls_failed": EndReason.DTLS_FAILED,
}


class LiveConnection(ConnectionListener, DriverListener):
    """One Connection; the handle that endpoints hold and that the engine reports to.

    Everything happens on the event loop, nothing blocks.

    Args:
        record: The Connection as the model knows it.
        session: Where it takes part.
        context: The rings beside it.

    Attributes:
        tracks: What it publishes, by source.
        slots: What it receives.
        client_stats: The client's latest report in W3C webrtc-stats names.
        details: How it is connected, for timelines.
        recording_task_running: A recording command of this client is being performed.
    """

    def __init__(self, record: Connection, session: "LiveSession", context: Context) -> None:
        self.record = record
        self.session = session
        self.tracks: dict[TrackSource, Track] = {}
        self.slots: tuple[SlotState, ...] = ()
        self.client_stats: object = None
        self.details: dict[str, str | float] = {}
        self.recording_task_running = False
        self._context = context
        self._outbox: Outbox = ClosedOutbox()
        self._open = True
        self._driver = Driver(
            record.id,
            ConnectionMachine(context.settings.timers),
            self,
            engine=context.engine,
            clock=context.clock,
            schedule=context.schedule,
            scope=context.scope,
            on_error=context.on_error,
        )

    @property
    def id(self) -> str:
        """The Connection's id."""
        return self.record.id

    @property
    def participant_id(self) -> str:
        """Whose it is."""
        return self.record.participant_id

    @property
    def driver(self) -> Driver:
        """Its machine at work."""
        return self._driver

    @property
    def attended(self) -> bool:
        """It is connecting or connected, and its client's signaling is open."""
        working = (ConnectionState.CONNECTING, ConnectionState.CONNECTED)
        return self._open and self.record.state in working

    # What the endpoint tells

    def attach(self, outbox: Outbox, welcome: Reply) -> None:
        """Send everything to `outbox` from now on, `welcome` first; an earlier one is closed."""
        before, self._outbox = self._outbox, outbox
        before.close(NORMAL, "replaced")
        self._open = True
        outbox.send(welcome)

    def opened(self) -> None:
        """The engine knows the connection; offers may come."""
        self._driver.start()
        self._driver.post(Opened())

    def kept(self) -> None:
        """The client came back on a new socket and keeps its transport."""
        self._driver.post(SignalingBack())
        if self.slots:
            self.send(Slots(slots=slot_views(self.slots)))

    def signaling_closed(self, outbox: Outbox) -> None:
        """The client's socket was closed from its side."""
        if outbox is self._outbox:
            self._open = False
            self._driver.post(SignalingClosed())

    def signaling_lost(self, outbox: Outbox) -> None:
        """The client's socket fell silent, or the server had to close it."""
        if outbox is self._outbox:
            self._open = False
            self._driver.post(SignalingLost())

    def leave(self) -> None:
        """The client said goodbye."""
        self._driver.post(Goodbye())

    def end(self, reason: EndReason) -> None:
        """Somebody else ends it."""
        self._driver.post(Ended(reason))

    def describe(self, metadata: Mapping[str, str | float | bool]) -> None:
        """The client says about its Connection what it likes; nothing after the end."""
        if self.record.state.final or metadata == self.record.metadata:
            return
        now = self._context.clock.utc()
        self.record = replace(self.record, metadata=dict(metadata), updated_at=now)
        self.session.described(self)

    def send(self, message: Reply) -> None:
        """Send a message to the client."""
        self._outbox.send(message)

    def refuse(
        self, code: str, message: str, in_reply_to: str | None = None, number: int | None = None
    ) -> None:
        """Tell the client that something was refused; the Connection goes on."""
        self.send(
            ErrorMessage(
                code=code, message=message, fatal=False, in_reply_to=in_reply_to, id=number
            )
        )

    # What the machine decided

    @override
    def answered(self, offer_id: int, answer: Answer) -> None:
        """Send the engine's answer."""
        self.slots = answer.slots
        self.send(AnswerMessage(id=offer_id, sdp=answer.sdp, slots=slot_views(answer.slots)))

    @override
    def refused(self, offer_id: int, code: str, message: str) -> None:
        """An offer was refused."""
        self.refuse(code, message, "offer", offer_id)

    @override
    def invalid_candidate(self, code: str, message: str) -> None:
        """A candidate was refused."""
        self.refuse(code, message, "candidate")

    @override
    def announced(self, state: ConnectionState, reason: EndReason | None) -> None:
        """Record the move, then let the session tell everybody."""
        now = self._context.clock.utc()
        before, first = self.record.state, self.record.connected_at
        self.record = replace(
            self.record,
            state=state,
            reason=reason,
            updated_at=now,
            connected_at=now if first is None and state is ConnectionState.CONNECTED else first,
            closed_at=now if state.final else None,
        )
        fields = {"connection": self.id, "before": before, "state": state, "reason": reason}
        _LOG.info("connection moved", extra=fields)
        if state.final:
            self._open = False
        self.session.connection_moved(self, before)
        if state.final and reason is not None:
            self._say_goodbye(reason)

    def _say_goodbye(self, reason: EndReason) -> None:
        text = GOODBYE_TEXTS.get(reason, "The connection is over.")
        self.send(GoodbyeMessage(reason=reason, message=text, rejoin=reason in REJOIN))
        self._outbox.close(GOODBYE_CODES.get(reason, NORMAL), reason)
        self._outbox = ClosedOutbox()

    # What the engine reports (media.types.ConnectionListener)

    @override
    def transport_up(self, connection_id: str, info: TransportInfo) -> None:
        """DTLS is connected."""
        self.details |= {
            "path": info.path,
            "srtp_profile": info.srtp_profile,
            "join_ms": round(info.join_ms, 1),
        }
        self._driver.post(TransportUp())

    @override
    def transport_closed(self, connection_id: str) -> None:
        """The peer closed on purpose."""
        self._driver.post(TransportClosed())

    @override
    def transport_failed(self, connection_id: str, reason: str) -> None:
        """ICE or DTLS failed for good."""
        self._driver.post(TransportFailed(_FAILURES.get(reason, EndReason.TRANSPORT_LOST)))

    @override
    def transport_lost(self, connection_id: str) -> None:
        """The media worker is gone: the client shall come back at once."""
        self._driver.post(TransportLost())
        self.refuse("media_lost", "The server lost the media connection; open a new one.")

    @override
    def tracks_changed(self, connection_id: str, tracks: tuple[TrackState, ...]) -> None:
        """The set of published tracks changed."""
        if not self.record.state.final:
            self.session.tracks_changed(self, tracks)

    @override
    def slots_changed(self, connection_id: str, slots: tuple[SlotState, ...]) -> None:
        """A slot carries another track."""
        self.slots = slots
        self.send(Slots(slots=slot_views(slots)))

    @override
    def quality_changed(self, connection_id: str, reading: Reading) -> None:
        """The quality label changed or was confirmed."""
        if self.record.state.final:
            return
        before = self.record.quality
        now = self._context.clock.utc()
        self.record = replace(
            self.record,
            quality=reading.label,
            quality_reason=reading.reason,
            quality_at=now,
            updated_at=now,
        )
        if reading.label is not before or reading.reason is not None:
            self.send(quality_view(reading))
        self.session.quality_changed(self, reading, before)

    @override
    def picture_changed(self, connection_id: str, picture: Picture | None) -> None:
        """The largest picture that it gets changed."""
        if not self.record.state.final:
            self.session.picture_changed(self, picture)
