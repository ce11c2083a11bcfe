"""A table of moves, on a lamp."""

from dataclasses import dataclass
from enum import StrEnum

import pytest

from signaling.errors import IllegalTransitionError
from signaling.moves import Outcome, outcome_of, row


class State(StrEnum):
    OFF = "off"
    ON = "on"


@dataclass(frozen=True)
class Pressed:
    hard: bool = True


@dataclass
class Lamp:
    presses: int = 0


def press(lamp: Lamp, event: Pressed, at: float) -> Outcome[State, str]:
    lamp.presses += 1
    return Outcome(State.ON, (f"shine from {at:g}",)) if event.hard else Outcome(State.OFF)


TABLE = dict([row(State.OFF, Pressed, (State.OFF, State.ON), press)])


def test_an_event_finds_the_action_of_its_row():
    lamp = Lamp()
    assert outcome_of(TABLE, lamp, State.OFF, Pressed(), 2.0) == Outcome(
        State.ON, ("shine from 2",)
    )
    assert outcome_of(TABLE, lamp, State.OFF, Pressed(hard=False), 3.0).then is State.OFF
    assert lamp.presses == 2


def test_without_a_row_nothing_changes():
    lamp = Lamp()
    with pytest.raises(IllegalTransitionError):
        outcome_of(TABLE, lamp, State.ON, Pressed(), 2.0)
    assert lamp.presses == 0
