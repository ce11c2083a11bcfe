"""The visitor machine: stories as playbooks, then every pair of state and event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.playbook import play

from signaling.commands import AnnounceVisitor, WakeAt
from signaling.errors import IllegalTransitionError
from signaling.events import (
    AlarmWent,
    Dismissed,
    HostPresent,
    Knocked,
    LetIn,
    Permitted,
    TurnedAway,
    WentAway,
)
from signaling.model import EndReason, VisitorState, Waits
from signaling.visitor_machine import TABLE, VisitorMachine

V = VisitorState


def decided(state: VisitorState, reason: EndReason | None = None) -> list[object]:
    return [WakeAt(None), AnnounceVisitor(state, reason)]


@pytest.fixture
def waiting() -> VisitorMachine:
    machine = VisitorMachine(Waits.UNTIL_ADMITTED, 600)
    play(machine, (10, Knocked(), [WakeAt(610)]))
    return machine


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (LetIn(), V.ADMITTED),
        (TurnedAway(), V.REFUSED),
        (WentAway(), V.GONE),
        (AlarmWent(), V.TIMED_OUT),
    ],
)
def test_every_end_of_a_wait_is_told_once(waiting, event, state):
    play(waiting, (610, event, decided(state)), (611, event, []))
    assert waiting.state is state
    assert state.final


def test_the_reason_of_a_dismissal_is_told(waiting):
    reason = EndReason.MEETING_ENDED
    play(waiting, (20, Dismissed(reason), decided(V.DISMISSED, reason)))


def test_an_early_alarm_is_set_again(waiting):
    play(waiting, (609, AlarmWent(), [WakeAt(610)]))
    assert not waiting.state.final


def test_a_host_s_coming_lets_nobody_in_who_must_be_accepted(waiting):
    play(waiting, (20, HostPresent(), []))


def test_a_host_s_coming_lets_those_in_who_wait_for_it():
    machine = VisitorMachine(Waits.UNTIL_HOST, 600)
    play(machine, (0, Knocked(), [WakeAt(600)]), (5, HostPresent(), decided(V.ADMITTED)))


def test_other_permissions_change_what_is_waited_for(waiting):
    play(waiting, (20, Permitted(Waits.UNTIL_HOST), []))
    play(waiting, (21, HostPresent(), decided(V.ADMITTED)))


def test_whoever_need_not_wait_any_more_comes_in(waiting):
    play(waiting, (20, Permitted(Waits.NO), decided(V.ADMITTED)))


EVENTS = st.one_of(
    st.builds(Dismissed, st.sampled_from(EndReason)),
    st.builds(Permitted, st.sampled_from(Waits)),
    st.sampled_from([Knocked(), HostPresent(), LetIn(), TurnedAway(), WentAway(), AlarmWent()]),
)


class TestEveryPair:
    @given(
        state=st.sampled_from(V),
        event=EVENTS,
        waits=st.sampled_from(Waits),
        at=st.floats(0, 200),
        expires=st.floats(0, 200),
    )
    def test_a_row_leads_to_one_of_its_states_or_nothing_changes(
        self, state, event, waits, at, expires
    ):
        machine = VisitorMachine(waits, 600)
        machine.state, machine.expires_at = state, expires
        move = TABLE.get((state, type(event)))
        if move is None:
            with pytest.raises(IllegalTransitionError):
                machine.handle(event, at)
            assert machine.state is state
            return
        machine.handle(event, at)
        assert machine.state in move.targets

    def test_nobody_knocks_twice(self):
        kinds = {event for _, event in TABLE}
        missing = {(s, e) for s in V for e in kinds if (s, e) not in TABLE}
        assert missing == {(s, Knocked) for s in V if s.final}
