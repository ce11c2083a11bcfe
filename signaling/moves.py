"""What the state machines have in common: a table of moves, in which an event finds its row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar, cast

from signaling.errors import IllegalTransitionError
from signaling.model import EndReason

StateT = TypeVar("StateT", bound=StrEnum)
CommandT = TypeVar("CommandT")
EventT = TypeVar("EventT")
MachineT = TypeVar("MachineT")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[StateT, CommandT]):
    """Where an event leads, and what is to be done on the way."""

    then: StateT
    commands: tuple[CommandT, ...] = ()
    reason: EndReason | None = None


Action: TypeAlias = Callable[[MachineT, EventT, float], Outcome[StateT, CommandT]]


@dataclass(frozen=True, slots=True)
class Move(Generic[MachineT, StateT, CommandT]):
    """A row of the table: the states that the action may choose, and the action."""

    targets: tuple[StateT, ...]
    act: Action[MachineT, object, StateT, CommandT]


Key: TypeAlias = tuple[StateT, type[object]]
Row: TypeAlias = tuple[Key[StateT], Move[MachineT, StateT, CommandT]]
Table: TypeAlias = Mapping[Key[StateT], Move[MachineT, StateT, CommandT]]


def row(
    state: StateT,
    event: type[EventT],
    targets: tuple[StateT, ...],
    act: Action[MachineT, EventT, StateT, CommandT],
) -> Row[StateT, MachineT, CommandT]:
    """What happens when an event of this type finds a machine in this state."""
    # mypy has matched the event's type by now
    return (state, event), Move(targets, cast("Action[MachineT, object, StateT, CommandT]", act))


def outcome_of(
    table: Table[StateT, MachineT, CommandT],
    machine: MachineT,
    state: StateT,
    event: object,
    at: float,
) -> Outcome[StateT, CommandT]:
    """Let a machine in this state take an event.

    Args:
        table: Of its moves.
        machine: Changed by the move's action, but for its state.
        state: Where it stands.
        event: What happened.
        at: Monotonic seconds.

    Raises:
        IllegalTransitionError: The table has no row for this state and event; nothing changed.
    """
    move = table.get((state, type(event)))
    if move is None:
        raise IllegalTransitionError(state, event)
    return move.act(machine, event, at)
