"""The life of one wait at a meeting's door as data: from the knock to the decision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

from signaling.commands import AnnounceVisitor, VisitorCommand, WakeAt
from signaling.errors import IllegalTransitionError
from signaling.events import (
    AlarmWent,
    Dismissed,
    HostPresent,
    Knocked,
    LetIn,
    TurnedAway,
    VisitorEvent,
    WentAway,
)
from signaling.model import EndReason, VisitorState, Waits

V = VisitorState


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an event leads, and what is to be done on the way."""

    then: VisitorState
    commands: tuple[VisitorCommand, ...] = ()
    reason: EndReason | None = None


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
        move = TABLE.get((self.state, type(event)))
        if move is None:
            raise IllegalTransitionError(self.state, event)
        outcome = move.act(self, event, at)
        if outcome.then is self.state:
            return list(outcome.commands)
        self.state = outcome.then
        return [*outcome.commands, WakeAt(None), AnnounceVisitor(outcome.then, outcome.reason)]


E = TypeVar("E", bound=VisitorEvent)
Action: TypeAlias = Callable[[VisitorMachine, E, float], Outcome]


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table: the states that the action may choose, and the action."""

    targets: tuple[VisitorState, ...]
    act: Action[VisitorEvent]


Row: TypeAlias = tuple[tuple[VisitorState, type[object]], Move]


def _row(
    state: VisitorState, event: type[E], targets: tuple[VisitorState, ...], act: Action[E]
) -> Row:
    # mypy has matched E by now
    return (state, event), Move(targets, cast("Action[VisitorEvent]", act))


def _nothing(machine: VisitorMachine, _event: VisitorEvent, _at: float) -> Outcome:
    return Outcome(machine.state)


def _knocked(machine: VisitorMachine, _event: Knocked, at: float) -> Outcome:
    machine.expires_at = at + machine.seconds
    return Outcome(V.WAITING, (WakeAt(machine.expires_at),))


def _host(machine: VisitorMachine, _event: HostPresent, _at: float) -> Outcome:
    return Outcome(V.ADMITTED if machine.waits is Waits.UNTIL_HOST else V.WAITING)


def _let_in(_machine: VisitorMachine, _event: LetIn, _at: float) -> Outcome:
    return Outcome(V.ADMITTED)


def _turned_away(_machine: VisitorMachine, _event: TurnedAway, _at: float) -> Outcome:
    return Outcome(V.REFUSED)


def _went_away(_machine: VisitorMachine, _event: WentAway, _at: float) -> Outcome:
    return Outcome(V.GONE)


def _dismissed(_machine: VisitorMachine, event: Dismissed, _at: float) -> Outcome:
    return Outcome(V.DISMISSED, reason=event.reason)


def _alarm(machine: VisitorMachine, _event: AlarmWent, at: float) -> Outcome:
    if at < machine.expires_at:
        return Outcome(V.WAITING, (WakeAt(machine.expires_at),))
    return Outcome(V.TIMED_OUT)


def _final_rows(state: VisitorState) -> list[Row]:
    """What comes after the decision is late, and harmless."""
    late: tuple[type[VisitorEvent], ...] = (
        HostPresent,
        LetIn,
        TurnedAway,
        WentAway,
        Dismissed,
        AlarmWent,
    )
    return [_row(state, event, (state,), _nothing) for event in late]


TABLE: Mapping[tuple[VisitorState, type[object]], Move] = dict(
    [
        _row(V.WAITING, Knocked, (V.WAITING,), _knocked),
        _row(V.WAITING, HostPresent, (V.WAITING, V.ADMITTED), _host),
        _row(V.WAITING, LetIn, (V.ADMITTED,), _let_in),
        _row(V.WAITING, TurnedAway, (V.REFUSED,), _turned_away),
        _row(V.WAITING, WentAway, (V.GONE,), _went_away),
        _row(V.WAITING, Dismissed, (V.DISMISSED,), _dismissed),
        _row(V.WAITING, AlarmWent, (V.WAITING, V.TIMED_OUT), _alarm),
        *_final_rows(V.ADMITTED),
        *_final_rows(V.REFUSED),
        *_final_rows(V.TIMED_OUT),
        *_final_rows(V.DISMISSED),
        *_final_rows(V.GONE),
    ]
)
