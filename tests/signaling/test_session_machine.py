"""The session machine: stories as playbooks, then every pair of state and event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.playbook import play

from signaling.commands import AnnounceSession, CloseEverybody, Discard, WakeAt
from signaling.errors import IllegalTransitionError
from signaling.events import AlarmWent, EndRequested, PresenceChanged
from signaling.model import EndReason, SessionState
from signaling.ports import RtcTimers
from signaling.session_machine import TABLE, SessionMachine

S = SessionState


def people(live: int = 0, waiting: int = 0, bots: int = 0) -> PresenceChanged:
    return PresenceChanged(live, waiting, bots)


ENDED_EMPTY = [
    WakeAt(None),
    CloseEverybody(EndReason.EMPTY),
    AnnounceSession(S.ENDED, EndReason.EMPTY),
]


@pytest.fixture
def machine() -> SessionMachine:
    return SessionMachine(RtcTimers())


@pytest.fixture
def live(machine: SessionMachine) -> SessionMachine:
    play(machine, (0, people(waiting=1), []), (1, people(live=1), [AnnounceSession(S.LIVE)]))
    return machine


@pytest.fixture
def empty(live: SessionMachine) -> SessionMachine:
    play(live, (10, people(), [WakeAt(70), AnnounceSession(S.KEEP_ALIVE)]))
    return live


class TestPending:
    def test_one_that_never_connected_anybody_is_discarded(self, machine):
        play(machine, (0, people(waiting=1), []), (30, people(), [Discard()]))

    def test_a_bot_opens_it_but_makes_it_not_live(self, machine):
        play(
            machine, (0, people(bots=1), []), (5, people(live=1, bots=1), [AnnounceSession(S.LIVE)])
        )

    def test_ended_for_all_before_anybody_connected_leaves_nothing(self, machine):
        closed = [WakeAt(None), CloseEverybody(EndReason.MEETING_ENDED), Discard()]
        play(
            machine, (0, people(waiting=1), []), (1, EndRequested(EndReason.MEETING_ENDED), closed)
        )


class TestKeepAlive:
    def test_it_ends_sixty_seconds_after_the_last_one_left(self, empty):
        play(empty, (70, AlarmWent(), ENDED_EMPTY))

    def test_an_early_alarm_is_set_again(self, empty):
        play(empty, (69.9, AlarmWent(), [WakeAt(70)]))

    def test_somebody_connected_again(self, empty):
        play(
            empty,
            (20, people(waiting=1), [WakeAt(70)]),
            (21, people(live=1), [WakeAt(None), AnnounceSession(S.LIVE)]),
            (70, AlarmWent(), []),
        )

    def test_somebody_at_the_door_is_waited_for(self, empty):
        play(
            empty,
            (65, people(waiting=1), [WakeAt(70)]),
            (70, AlarmWent(), [WakeAt(None)]),
            (90, people(live=1), [WakeAt(None), AnnounceSession(S.LIVE)]),
        )

    def test_somebody_at_the_door_who_never_comes_in(self, empty):
        play(
            empty,
            (65, people(waiting=1), [WakeAt(70)]),
            (70, AlarmWent(), [WakeAt(None)]),
            (95, people(), ENDED_EMPTY),
        )

    def test_a_waiting_person_at_the_moment_the_last_left(self, live):
        play(
            live,
            (10, people(waiting=1), [WakeAt(70), AnnounceSession(S.KEEP_ALIVE)]),
            (70, AlarmWent(), [WakeAt(None)]),
        )

    def test_bots_do_not_keep_it(self, live):
        play(
            live,
            (10, people(bots=1), [WakeAt(70), AnnounceSession(S.KEEP_ALIVE)]),
            (70, AlarmWent(), ENDED_EMPTY),
        )


class TestEnd:
    @pytest.mark.parametrize("reason", [EndReason.MEETING_ENDED, EndReason.SERVER_STOPPED])
    @pytest.mark.parametrize("stage", ["live", "empty"])
    def test_for_all(self, request, stage, reason):
        machine = request.getfixturevalue(stage)
        commands = [WakeAt(None), CloseEverybody(reason), AnnounceSession(S.ENDED, reason)]
        play(machine, (15, EndRequested(reason), commands), (16, people(), []))

    def test_more_people_change_nothing(self, live):
        play(live, (2, people(live=2), []))


EVENTS = st.one_of(
    st.builds(people, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
    st.builds(EndRequested, st.sampled_from(EndReason)),
    st.builds(AlarmWent),
)


class TestEveryPair:
    @given(
        state=st.sampled_from(S),
        event=EVENTS,
        at=st.floats(0, 200),
        expires=st.floats(0, 200),
        waiting=st.integers(0, 2),
    )
    def test_a_row_leads_to_one_of_its_states_or_nothing_changes(
        self, state, event, at, expires, waiting
    ):
        machine = SessionMachine(RtcTimers())
        machine.state, machine.expires_at, machine.waiting = state, expires, waiting
        move = TABLE.get((state, type(event)))
        if move is None:
            with pytest.raises(IllegalTransitionError):
                machine.handle(event, at)
            assert machine.state is state
            return
        machine.handle(event, at)
        assert machine.state in move.targets

    @given(events=st.lists(st.tuples(st.floats(0, 100), EVENTS), max_size=30))
    def test_an_ended_session_says_nothing_more(self, events):
        machine, now, ended = SessionMachine(RtcTimers()), 0.0, False
        for pause, event in events:
            now += pause
            try:
                commands = machine.handle(event, now)
            except IllegalTransitionError:
                continue
            assert not (ended and commands)
            ended = machine.state is S.ENDED

    def test_only_an_alarm_that_was_never_set_has_no_row(self):
        kinds = {event for _, event in TABLE}
        missing = {(s, e) for s in S for e in kinds if (s, e) not in TABLE}
        assert missing == {(S.PENDING, AlarmWent)}
