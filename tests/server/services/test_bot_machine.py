"""Every step of a bot's life, and every one that there is not."""

import pytest

from server.config import BotsSettings
from server.connectors.port import BotEnd, FailureCode
from server.services.bot_machine import (
    TABLE,
    BotMachine,
    BotStatus,
    IllegalMoveError,
)

S = BotStatus
PATHS = {
    S.INITIALIZING: (),
    S.JOINING: (S.JOINING,),
    S.ACTIVE: (S.JOINING, S.ACTIVE),
    S.RECORDING: (S.JOINING, S.ACTIVE, S.RECORDING),
    S.LEAVING: (S.JOINING, S.LEAVING),
    S.COMPLETED: (S.COMPLETED,),
    S.FAILED: (S.FAILED,),
}


def at(status: BotStatus) -> BotMachine:
    machine = BotMachine(BotsSettings().retry_seconds)
    for step in PATHS[status]:
        machine.move(step)
    return machine


@pytest.mark.parametrize("to", S)
@pytest.mark.parametrize("before", S)
def test_only_the_steps_of_the_table_are_taken(before: BotStatus, to: BotStatus):
    machine = at(before)
    if to in TABLE[before]:
        machine.move(to)
        assert machine.status is to
        return
    with pytest.raises(IllegalMoveError):
        machine.move(to)
    assert machine.status is before


@pytest.mark.parametrize("before", [S.JOINING, S.ACTIVE, S.RECORDING, S.LEAVING])
def test_leaving_takes_its_time(before: BotStatus):
    machine = at(before)
    assert machine.leave(BotEnd.SILENCE)
    assert (machine.status, machine.end) == (S.LEAVING, BotEnd.SILENCE)


def test_a_bot_that_has_not_set_out_is_completed_at_once():
    machine = at(S.INITIALIZING)
    assert not machine.leave(BotEnd.STOPPED)
    assert (machine.status, machine.end) == (S.COMPLETED, BotEnd.STOPPED)


@pytest.mark.parametrize("before", [S.COMPLETED, S.FAILED])
def test_what_has_ended_stays(before: BotStatus):
    machine = at(before)
    assert not machine.leave(BotEnd.STOPPED)
    assert not machine.fail(FailureCode.BOT_CRASHED)
    assert (machine.status, machine.end, machine.failure) == (before, None, None)


def test_a_stop_dominates_every_other_reason():
    machine = at(S.RECORDING)
    machine.leave(BotEnd.EVERYONE_LEFT)
    machine.leave(BotEnd.STOPPED)
    machine.leave(BotEnd.MEETING_ENDED)
    assert machine.end is BotEnd.STOPPED
    assert not machine.fail(FailureCode.BOT_CRASHED)
    assert (machine.status, machine.failure) == (S.COMPLETED, None)


def test_a_failure_says_why_and_forgets_the_other_reason():
    machine = at(S.ACTIVE)
    machine.leave(BotEnd.SILENCE)
    assert machine.fail(FailureCode.BOT_CRASHED)
    assert (machine.status, machine.end) == (S.FAILED, None)
    assert machine.failure is FailureCode.BOT_CRASHED


def test_a_passing_cause_is_tried_again_three_times():
    machine = at(S.JOINING)
    pauses = [machine.retry(FailureCode.JOIN_FAILED, transient=True) for _ in range(4)]
    assert pauses == [30, 120, 300, None]
    assert machine.status is S.JOINING


@pytest.mark.parametrize(
    ("code", "transient"),
    [
        (FailureCode.JOIN_FAILED, False),
        (FailureCode.ADMISSION_DENIED, True),
        (FailureCode.MEETING_NOT_FOUND, True),
        (FailureCode.BLOCKED_BY_CAPTCHA, True),
        (FailureCode.LOGIN_REQUIRED, True),
    ],
)
def test_a_lasting_cause_is_not(code: FailureCode, transient: bool):
    assert at(S.JOINING).retry(code, transient=transient) is None


def test_nothing_is_tried_again_once_the_bot_is_in():
    assert at(S.ACTIVE).retry(FailureCode.JOIN_FAILED, transient=True) is None
