"""The life of one Connection as data: no socket, no clock, no task.

Liveness is lazy: nothing is done per packet. The alarm goes off when the peer could have fallen
silent, and only then is looked at when it was last heard.
"""

from collections.abc import Mapping
from typing import TypeAlias

from media.types import Heard
from signaling.commands import (
    Announce,
    CloseTransport,
    ConnectionCommand,
    MakeAnswer,
    Probe,
    Refuse,
    SendAnswer,
    WakeAt,
)
from signaling.events import (
    AnswerFailed,
    AnswerMade,
    ConnectionEvent,
    Ended,
    Goodbye,
    OfferReceived,
    Opened,
    Reported,
    SignalingBack,
    SignalingClosed,
    SignalingLost,
    TransportClosed,
    TransportFailed,
    TransportLost,
    TransportUp,
    Woke,
)
from signaling.model import ConnectionState, EndReason
from signaling.moves import Outcome, Row, Table, outcome_of, row
from signaling.ports import RtcTimers

S = ConnectionState

# While disconnected: often enough that a return is seen at once, rare enough to cost nothing.
LOOK_SECONDS = 0.5

# A client whose media goes elsewhere owes no sign of life; one that says nothing all this time has
# left without a word.
REPORT_SECONDS = 3600.0

Then: TypeAlias = Outcome[ConnectionState, ConnectionCommand]


class ConnectionMachine:
    """Decides; never acts.

    Args:
        timers: How long is waited for what.

    Attributes:
        state: Where the Connection stands.
        pending: Number of the offer being answered, None between offers.
        alarm: When the alarm is set to go off, None while it is not.
        reported_at: When the client last said how its media is doing; None while its media is ours.
    """

    def __init__(self, timers: RtcTimers) -> None:
        self.timers = timers
        self.state = S.CONNECTING
        self.pending: int | None = None
        self.alarm: float | None = None
        self.last_offer = -1
        self.entered_at = 0.0
        self.silent_since = 0.0
        self.signaling_closed_at: float | None = None
        self.reported_at: float | None = None

    def handle(self, event: ConnectionEvent, at: float) -> list[ConnectionCommand]:
        """Take one event, move, and return what is to be done, in order.

        Args:
            event: What happened.
            at: Monotonic seconds, never less than at the call before.

        Raises:
            IllegalTransitionError: TABLE has no row for this state and event; nothing changed.
        """
        outcome = outcome_of(TABLE, self, self.state, event, at)
        commands = list(outcome.commands)
        if outcome.then is not self.state:
            self.state, self.entered_at = outcome.then, at
            commands.append(Announce(outcome.then, outcome.reason))
            if outcome.then.final:
                commands += [WakeAt(None), CloseTransport()]
        for command in commands:
            if isinstance(command, WakeAt):
                self.alarm = command.when
        return commands

    def left_at(self, heard: Heard) -> float | None:
        """When silence since the peer closed its signaling means that it left."""
        if self.signaling_closed_at is None:
            return None
        return later(self.signaling_closed_at, heard) + self.timers.left

    def wake(self, when: float, heard: Heard) -> WakeAt:
        """An alarm for `when`, or for the earlier moment at which the peer counts as gone."""
        left = self.left_at(heard)
        return WakeAt(when if left is None else min(when, left))


def later(at: float, heard: Heard) -> float:
    """The later of a moment and the last sign of life."""
    return at if heard.at is None else max(at, heard.at)


def _nothing(machine: ConnectionMachine, _event: ConnectionEvent, _at: float) -> Then:
    return Outcome(machine.state)


def _open(machine: ConnectionMachine, _event: Opened, at: float) -> Then:
    machine.entered_at = at
    return Outcome(S.CONNECTING, (WakeAt(at + machine.timers.connecting),))


def _offer(machine: ConnectionMachine, event: OfferReceived, at: float) -> Then:
    number = event.offer_id
    if machine.pending is not None:
        refusal = Refuse(number, "offer_pending", "an earlier offer is still being answered")
        return Outcome(machine.state, (refusal,))
    if number <= machine.last_offer:
        refusal = Refuse(number, "invalid_field", "the id of an offer must grow")
        return Outcome(machine.state, (refusal,))
    machine.pending = machine.last_offer = number
    commands: tuple[ConnectionCommand, ...] = (MakeAnswer(number, event.sdp, event.sources),)
    if machine.reported_at is not None:  # from now on its media is ours to judge
        machine.reported_at, machine.entered_at = None, at
        commands = (WakeAt(at + machine.timers.connecting), *commands)
    return Outcome(machine.state, commands)


def _answered(machine: ConnectionMachine, event: AnswerMade, _at: float) -> Then:
    machine.pending = None
    return Outcome(machine.state, (SendAnswer(event.offer_id, event.answer),))


def _unanswered(machine: ConnectionMachine, event: AnswerFailed, _at: float) -> Then:
    machine.pending = None
    return Outcome(machine.state, (Refuse(event.offer_id, event.code, event.message),))


def _up(machine: ConnectionMachine, _event: TransportUp, at: float) -> Then:
    silent = Heard(None, media=True)
    return Outcome(S.CONNECTED, (machine.wake(at + machine.timers.disconnected, silent),))


def _left(_machine: ConnectionMachine, _event: TransportClosed | Goodbye, _at: float) -> Then:
    return Outcome(S.CLOSED, reason=EndReason.LEFT)


def _failed(_machine: ConnectionMachine, event: TransportFailed, _at: float) -> Then:
    return Outcome(S.FAILED, reason=event.reason)


def _lost(machine: ConnectionMachine, _event: TransportLost, at: float) -> Then:
    """Nothing comes any more; the client, who is told, comes back with a new Connection."""
    machine.silent_since = at
    look = machine.wake(at + LOOK_SECONDS, Heard(at, media=False))
    return Outcome(S.DISCONNECTED, (look,), EndReason.TRANSPORT_LOST)


_REPORTED_ENDS: Mapping[ConnectionState, EndReason] = {
    S.FAILED: EndReason.ICE_FAILED,
    S.CLOSED: EndReason.LEFT,
}


def _reported(machine: ConnectionMachine, event: Reported, at: float) -> Then:
    """Believed as long as no media of the Connection passes here."""
    if machine.last_offer >= 0:
        return Outcome(machine.state)
    machine.reported_at = at
    if event.state.final:
        return Outcome(event.state, reason=_REPORTED_ENDS[event.state])
    reason = EndReason.NO_PACKETS if event.state is S.DISCONNECTED else None
    return Outcome(event.state, (WakeAt(at + REPORT_SECONDS),), reason)


def _woke_reported(machine: ConnectionMachine, at: float) -> Then | None:
    """What the alarm means for a Connection that reports itself; None for the others."""
    if machine.reported_at is None:
        return None
    end = machine.reported_at + REPORT_SECONDS
    if at >= end:
        return Outcome(S.FAILED, reason=EndReason.TRANSPORT_LOST)
    return Outcome(machine.state, (WakeAt(end),))


def _ended(_machine: ConnectionMachine, event: Ended, _at: float) -> Then:
    return Outcome(S.CLOSED, reason=event.reason)


def _signaling_closed(machine: ConnectionMachine, _event: SignalingClosed, at: float) -> Then:
    if machine.signaling_closed_at is None:
        machine.signaling_closed_at = at
    left = machine.signaling_closed_at + machine.timers.left
    when = left if machine.alarm is None else min(machine.alarm, left)
    return Outcome(machine.state, (Probe(), WakeAt(when)))


def _signaling_back(machine: ConnectionMachine, _event: SignalingBack, _at: float) -> Then:
    machine.signaling_closed_at = None
    return Outcome(machine.state)


def _gone(machine: ConnectionMachine, heard: Heard, at: float) -> bool:
    left = machine.left_at(heard)
    return left is not None and at >= left


def _woke_connecting(machine: ConnectionMachine, event: Woke, at: float) -> Then:
    reported = _woke_reported(machine, at)
    if reported is not None:
        return reported
    if _gone(machine, event.heard, at):
        return Outcome(S.CLOSED, reason=EndReason.LEFT)
    deadline = machine.entered_at + machine.timers.connecting
    if at >= deadline:
        return Outcome(S.FAILED, reason=EndReason.CONNECT_TIMEOUT)
    return Outcome(S.CONNECTING, (machine.wake(deadline, event.heard),))


def _woke_connected(machine: ConnectionMachine, event: Woke, at: float) -> Then:
    reported = _woke_reported(machine, at)
    if reported is not None:
        return reported
    heard, timers = event.heard, machine.timers
    if _gone(machine, heard, at):
        return Outcome(S.CLOSED, reason=EndReason.LEFT)
    last = later(machine.entered_at, heard)
    deadline = last + (timers.disconnected if heard.media else timers.disconnected_idle)
    if at < deadline:
        return Outcome(S.CONNECTED, (machine.wake(deadline, heard),))
    machine.silent_since = last
    look = machine.wake(at + LOOK_SECONDS, heard)
    return Outcome(S.DISCONNECTED, (Probe(), look), EndReason.NO_PACKETS)


def _woke_disconnected(machine: ConnectionMachine, event: Woke, at: float) -> Then:
    reported = _woke_reported(machine, at)
    if reported is not None:
        return reported
    heard, timers = event.heard, machine.timers
    if heard.at is not None and heard.at > machine.silent_since:
        return Outcome(S.CONNECTED, (machine.wake(heard.at + timers.disconnected, heard),))
    if _gone(machine, heard, at):
        return Outcome(S.CLOSED, reason=EndReason.LEFT)
    deadline = machine.entered_at + timers.failed
    if at >= deadline:
        return Outcome(S.FAILED, reason=EndReason.TRANSPORT_LOST)
    look = machine.wake(min(at + LOOK_SECONDS, deadline), heard)
    return Outcome(S.DISCONNECTED, (Probe(), look))


def _open_rows(
    state: ConnectionState,
) -> list[Row[ConnectionState, ConnectionMachine, ConnectionCommand]]:
    """What every state that is not final answers alike."""
    return [
        row(state, OfferReceived, (state,), _offer),
        row(state, AnswerMade, (state,), _answered),
        row(state, AnswerFailed, (state,), _unanswered),
        row(state, TransportClosed, (S.CLOSED,), _left),
        row(state, TransportFailed, (S.FAILED,), _failed),
        row(state, SignalingClosed, (state,), _signaling_closed),
        row(state, SignalingLost, (state,), _nothing),
        row(state, SignalingBack, (state,), _signaling_back),
        row(state, Goodbye, (S.CLOSED,), _left),
        row(state, Ended, (S.CLOSED,), _ended),
        row(state, Reported, tuple(S), _reported),
    ]


def _final_rows(
    state: ConnectionState,
) -> list[Row[ConnectionState, ConnectionMachine, ConnectionCommand]]:
    """Late news of a dead Connection is harmless; what can be late is listed."""
    late: tuple[type[ConnectionEvent], ...] = (
        OfferReceived,
        AnswerMade,
        AnswerFailed,
        TransportUp,
        TransportClosed,
        TransportFailed,
        TransportLost,
        Reported,
        SignalingClosed,
        SignalingLost,
        SignalingBack,
        Goodbye,
        Ended,
        Woke,
    )
    return [row(state, event, (state,), _nothing) for event in late]


TABLE: Table[ConnectionState, ConnectionMachine, ConnectionCommand] = dict(
    [
        row(S.CONNECTING, Opened, (S.CONNECTING,), _open),
        *_open_rows(S.CONNECTING),
        row(S.CONNECTING, TransportUp, (S.CONNECTED,), _up),
        row(S.CONNECTING, TransportLost, (S.CONNECTING,), _nothing),
        row(S.CONNECTING, Woke, (S.CONNECTING, S.FAILED, S.CLOSED), _woke_connecting),
        *_open_rows(S.CONNECTED),
        row(S.CONNECTED, TransportLost, (S.DISCONNECTED,), _lost),
        row(
            S.CONNECTED,
            Woke,
            (S.CONNECTED, S.DISCONNECTED, S.FAILED, S.CLOSED),
            _woke_connected,
        ),
        *_open_rows(S.DISCONNECTED),
        row(S.DISCONNECTED, TransportLost, (S.DISCONNECTED,), _nothing),
        row(
            S.DISCONNECTED,
            Woke,
            (S.DISCONNECTED, S.CONNECTED, S.FAILED, S.CLOSED),
            _woke_disconnected,
        ),
        *_final_rows(S.FAILED),
        *_final_rows(S.CLOSED),
    ]
)
