"""The life of one Session as data: from the first Connection to the end of the keep-alive."""

from typing import TypeAlias

from signaling.commands import AnnounceSession, CloseEverybody, Discard, SessionCommand, WakeAt
from signaling.events import AlarmWent, EndRequested, PresenceChanged, SessionEvent
from signaling.model import EndReason, SessionState
from signaling.moves import Outcome, Table, outcome_of, row
from signaling.ports import RtcTimers

S = SessionState

Then: TypeAlias = Outcome[SessionState, SessionCommand]


class SessionMachine:
    """Decides; never acts.

    Args:
        timers: Of which `keep_alive` counts here.

    Attributes:
        state: Where the Session stands.
    """

    def __init__(self, timers: RtcTimers) -> None:
        self.timers = timers
        self.state = S.PENDING
        self.expires_at = 0.0
        self.waiting = 0

    def handle(self, event: SessionEvent, at: float) -> list[SessionCommand]:
        """Take one event, move, and return what is to be done, in order.

        Args:
            event: What happened.
            at: Monotonic seconds, never less than at the call before.

        Raises:
            IllegalTransitionError: TABLE has no row for this state and event; nothing changed.
        """
        outcome = outcome_of(TABLE, self, self.state, event, at)
        if outcome.then is self.state:
            return list(outcome.commands)
        before, self.state = self.state, outcome.then
        if outcome.then is S.ENDED and before is S.PENDING:
            return [*outcome.commands, Discard()]
        return [*outcome.commands, AnnounceSession(outcome.then, outcome.reason)]


def _nothing(machine: SessionMachine, _event: SessionEvent, _at: float) -> Then:
    return Outcome(machine.state)


def _first(_machine: SessionMachine, event: PresenceChanged, _at: float) -> Then:
    if event.live:
        return Outcome(S.LIVE)
    if event.waiting or event.bots:
        return Outcome(S.PENDING)
    return Outcome(S.ENDED)


def _emptied(machine: SessionMachine, event: PresenceChanged, at: float) -> Then:
    machine.waiting = event.waiting
    if event.live:
        return Outcome(S.LIVE)
    machine.expires_at = at + machine.timers.keep_alive
    return Outcome(S.KEEP_ALIVE, (WakeAt(machine.expires_at),))


def _returned(machine: SessionMachine, event: PresenceChanged, at: float) -> Then:
    machine.waiting = event.waiting
    if event.live:
        return Outcome(S.LIVE, (WakeAt(None),))
    return _expired(machine, at)


def _alarm(machine: SessionMachine, _event: AlarmWent, at: float) -> Then:
    return _expired(machine, at)


def _expired(machine: SessionMachine, at: float) -> Then:
    if at < machine.expires_at:
        return Outcome(S.KEEP_ALIVE, (WakeAt(machine.expires_at),))
    if machine.waiting:
        # somebody is at the door: their own timer ends this wait
        return Outcome(S.KEEP_ALIVE, (WakeAt(None),))
    commands = (WakeAt(None), CloseEverybody(EndReason.EMPTY))
    return Outcome(S.ENDED, commands, EndReason.EMPTY)


def _end(_machine: SessionMachine, event: EndRequested, _at: float) -> Then:
    return Outcome(S.ENDED, (WakeAt(None), CloseEverybody(event.reason)), event.reason)


TABLE: Table[SessionState, SessionMachine, SessionCommand] = dict(
    [
        row(S.PENDING, PresenceChanged, (S.PENDING, S.LIVE, S.ENDED), _first),
        row(S.PENDING, EndRequested, (S.ENDED,), _end),
        row(S.LIVE, PresenceChanged, (S.LIVE, S.KEEP_ALIVE), _emptied),
        row(S.LIVE, EndRequested, (S.ENDED,), _end),
        row(S.KEEP_ALIVE, PresenceChanged, (S.KEEP_ALIVE, S.LIVE, S.ENDED), _returned),
        row(S.KEEP_ALIVE, EndRequested, (S.ENDED,), _end),
        row(S.KEEP_ALIVE, AlarmWent, (S.KEEP_ALIVE, S.ENDED), _alarm),
        row(S.ENDED, PresenceChanged, (S.ENDED,), _nothing),
        row(S.ENDED, EndRequested, (S.ENDED,), _nothing),
        row(S.ENDED, AlarmWent, (S.ENDED,), _nothing),
        row(S.LIVE, AlarmWent, (S.LIVE,), _nothing),
    ]
)
