"""The life of one wait at a meeting's door as data: from the knock to the decision."""

from typing import TypeAlias

from signaling.commands import AnnounceVisitor, VisitorCommand, WakeAt
from signaling.events import (
    AlarmWent,
    Dismissed,
    HostPresent,
    Knocked,
    LetIn,
    Permitted,
    TurnedAway,
    VisitorEvent,
    WentAway,
)
from signaling.model import VisitorState, Waits
from signaling.moves import Outcome, Row, Table, outcome_of, row

V = VisitorState

Then: TypeAlias = Outcome[VisitorState, VisitorCommand]


class VisitorMachine:
    """Decides; never acts.

    Args:
        waits: For what the visitor waits.
        seconds: How long at most.

    Attributes:
        state: Where the visitor stands.
    """

    def __init__(self, waits: Waits, seconds: float) -> None:
        self.waits = waits
        self.seconds = seconds
        self.state = V.WAITING
        self.expires_at = 0.0

    def handle(self, event: VisitorEvent, at: float) -> list[VisitorCommand]:
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
        self.state = outcome.then
        return [*outcome.commands, WakeAt(None), AnnounceVisitor(outcome.then, outcome.reason)]


def _nothing(machine: VisitorMachine, _event: VisitorEvent, _at: float) -> Then:
    return Outcome(machine.state)


def _knocked(machine: VisitorMachine, _event: Knocked, at: float) -> Then:
    machine.expires_at = at + machine.seconds
    return Outcome(V.WAITING, (WakeAt(machine.expires_at),))


def _host(machine: VisitorMachine, _event: HostPresent, _at: float) -> Then:
    return Outcome(V.ADMITTED if machine.waits is Waits.UNTIL_HOST else V.WAITING)


def _let_in(_machine: VisitorMachine, _event: LetIn, _at: float) -> Then:
    return Outcome(V.ADMITTED)


def _permitted(machine: VisitorMachine, event: Permitted, _at: float) -> Then:
    machine.waits = event.waits
    return Outcome(V.ADMITTED if event.waits is Waits.NO else V.WAITING)


def _turned_away(_machine: VisitorMachine, _event: TurnedAway, _at: float) -> Then:
    return Outcome(V.REFUSED)


def _went_away(_machine: VisitorMachine, _event: WentAway, _at: float) -> Then:
    return Outcome(V.GONE)


def _dismissed(_machine: VisitorMachine, event: Dismissed, _at: float) -> Then:
    return Outcome(V.DISMISSED, reason=event.reason)


def _alarm(machine: VisitorMachine, _event: AlarmWent, at: float) -> Then:
    if at < machine.expires_at:
        return Outcome(V.WAITING, (WakeAt(machine.expires_at),))
    return Outcome(V.TIMED_OUT)


def _final_rows(state: VisitorState) -> list[Row[VisitorState, VisitorMachine, VisitorCommand]]:
    """What comes after the decision is late, and harmless."""
    late: tuple[type[VisitorEvent], ...] = (
        HostPresent,
        LetIn,
        Permitted,
        TurnedAway,
        WentAway,
        Dismissed,
        AlarmWent,
    )
    return [row(state, event, (state,), _nothing) for event in late]


TABLE: Table[VisitorState, VisitorMachine, VisitorCommand] = dict(
    [
        row(V.WAITING, Knocked, (V.WAITING,), _knocked),
        row(V.WAITING, HostPresent, (V.WAITING, V.ADMITTED), _host),
        row(V.WAITING, LetIn, (V.ADMITTED,), _let_in),
        row(V.WAITING, Permitted, (V.WAITING, V.ADMITTED), _permitted),
        row(V.WAITING, TurnedAway, (V.REFUSED,), _turned_away),
        row(V.WAITING, WentAway, (V.GONE,), _went_away),
        row(V.WAITING, Dismissed, (V.DISMISSED,), _dismissed),
        row(V.WAITING, AlarmWent, (V.WAITING, V.TIMED_OUT), _alarm),
        *_final_rows(V.ADMITTED),
        *_final_rows(V.REFUSED),
        *_final_rows(V.TIMED_OUT),
        *_final_rows(V.DISMISSED),
        *_final_rows(V.GONE),
    ]
)
