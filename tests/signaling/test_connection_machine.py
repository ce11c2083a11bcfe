"""The connection machine: stories as playbooks, then every pair of state and event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.playbook import play

from media.types import Answer, Heard
from signaling.commands import (
    Announce,
    CloseTransport,
    MakeAnswer,
    Probe,
    Refuse,
    SendAnswer,
    WakeAt,
)
from signaling.connection_machine import TABLE, ConnectionMachine
from signaling.errors import IllegalTransitionError
from signaling.events import (
    AnswerFailed,
    AnswerMade,
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
from signaling.ports import RtcTimers

S = ConnectionState
ANSWER = Answer("v=0", ())
SILENT = Heard(None, media=False)


def heard(at: float, *, media: bool = True) -> Woke:
    return Woke(Heard(at, media=media))


def over(state: ConnectionState, reason: EndReason) -> list[object]:
    return [Announce(state, reason), WakeAt(None), CloseTransport()]


@pytest.fixture
def machine() -> ConnectionMachine:
    return ConnectionMachine(RtcTimers())


@pytest.fixture
def connected(machine: ConnectionMachine) -> ConnectionMachine:
    play(
        machine,
        (0, Opened(), [WakeAt(30)]),
        (1, TransportUp(), [WakeAt(6), Announce(S.CONNECTED)]),
    )
    return machine


@pytest.fixture
def disconnected(connected: ConnectionMachine) -> ConnectionMachine:
    play(
        connected,
        (6, heard(5), [WakeAt(10)]),
        (
            10,
            heard(5),
            [Probe(), WakeAt(10.5), Announce(S.DISCONNECTED, EndReason.NO_PACKETS)],
        ),
    )
    return connected


class TestNegotiation:
    def test_an_offer_is_answered(self, machine):
        play(
            machine,
            (0, OfferReceived(0, "sdp"), [MakeAnswer(0, "sdp", {})]),
            (0, AnswerMade(0, ANSWER), [SendAnswer(0, ANSWER)]),
            (1, OfferReceived(1, "more"), [MakeAnswer(1, "more", {})]),
        )

    def test_a_second_offer_before_the_answer_is_refused(self, machine):
        play(
            machine,
            (0, OfferReceived(1, "sdp"), [MakeAnswer(1, "sdp", {})]),
            (
                0,
                OfferReceived(2, "sdp"),
                [Refuse(2, "offer_pending", "an earlier offer is still being answered")],
            ),
            (0, AnswerMade(1, ANSWER), [SendAnswer(1, ANSWER)]),
        )

    def test_an_offer_that_cannot_be_answered_makes_room_for_the_next(self, machine):
        play(
            machine,
            (0, OfferReceived(1, "bad"), [MakeAnswer(1, "bad", {})]),
            (0, AnswerFailed(1, "invalid_sdp", "no"), [Refuse(1, "invalid_sdp", "no")]),
            (0, OfferReceived(2, "good"), [MakeAnswer(2, "good", {})]),
        )

    def test_offer_ids_must_grow(self, machine):
        play(
            machine,
            (0, OfferReceived(1, "sdp"), [MakeAnswer(1, "sdp", {})]),
            (0, AnswerMade(1, ANSWER), [SendAnswer(1, ANSWER)]),
            (
                0,
                OfferReceived(1, "sdp"),
                [Refuse(1, "invalid_field", "the id of an offer must grow")],
            ),
        )

    def test_an_offer_after_goodbye_has_no_effect(self, machine):
        play(
            machine,
            (0, Goodbye(), over(S.CLOSED, EndReason.LEFT)),
            (1, OfferReceived(1, "sdp"), []),
        )


class TestConnecting:
    def test_never_up_is_failed(self, machine):
        play(
            machine,
            (0, Opened(), [WakeAt(30)]),
            (29.999, Woke(SILENT), [WakeAt(30)]),
            (30, Woke(SILENT), over(S.FAILED, EndReason.CONNECT_TIMEOUT)),
        )

    def test_time_counts_from_the_opening(self, machine):
        play(
            machine,
            (100, Opened(), [WakeAt(130)]),
            (130, Woke(SILENT), over(S.FAILED, EndReason.CONNECT_TIMEOUT)),
        )

    def test_a_closed_page_counts_as_left(self, machine):
        play(
            machine,
            (0, Opened(), [WakeAt(30)]),
            (2, SignalingClosed(), [Probe(), WakeAt(3.5)]),
            (3.5, Woke(SILENT), over(S.CLOSED, EndReason.LEFT)),
        )

    @pytest.mark.parametrize(
        "reason", [EndReason.ICE_FAILED, EndReason.DTLS_FAILED, EndReason.TRANSPORT_LOST]
    )
    def test_a_failed_transport_says_why(self, machine, reason):
        play(machine, (0, TransportFailed(reason), over(S.FAILED, reason)))


LOST = EndReason.TRANSPORT_LOST
QUIET = EndReason.NO_PACKETS


class TestALostWorker:
    def test_it_disconnects_at_once_and_fails_when_nobody_comes_back(self, connected):
        play(
            connected,
            (10, TransportLost(), [WakeAt(10.5), Announce(S.DISCONNECTED, LOST)]),
            (10.5, heard(9.9), [Probe(), WakeAt(11)]),
            (40, heard(9.9), over(S.FAILED, LOST)),
        )

    def test_while_connecting_the_client_still_has_its_time(self, machine):
        play(machine, (0, Opened(), [WakeAt(30)]), (1, TransportLost(), []))
        assert machine.state is S.CONNECTING

    def test_a_silent_one_stays_silent(self, disconnected):
        play(disconnected, (11, TransportLost(), []))
        assert disconnected.state is S.DISCONNECTED


class TestMediaElsewhere:
    def test_what_the_client_says_is_the_state_without_any_packet(self, machine):
        play(
            machine,
            (0, Opened(), [WakeAt(30)]),
            (1, Reported(S.CONNECTED), [WakeAt(3601), Announce(S.CONNECTED)]),
            (2, Reported(S.CONNECTED), [WakeAt(3602)]),
            (3601, Woke(SILENT), [WakeAt(3602)]),
            (3601.5, Reported(S.DISCONNECTED), [WakeAt(7201.5), Announce(S.DISCONNECTED, QUIET)]),
            (3602, Reported(S.CONNECTING), [WakeAt(7202), Announce(S.CONNECTING)]),
            (3603, Reported(S.FAILED), over(S.FAILED, EndReason.ICE_FAILED)),
        )

    @pytest.mark.parametrize("state", [S.CONNECTING, S.CONNECTED, S.DISCONNECTED])
    def test_a_client_that_says_nothing_any_more_has_gone(self, machine, state):
        play(machine, (0, Opened(), [WakeAt(30)]))
        machine.handle(Reported(state), 1)
        play(machine, (3601, Woke(SILENT), over(S.FAILED, LOST)))

    def test_it_may_close(self, machine):
        play(
            machine,
            (0, Opened(), [WakeAt(30)]),
            (1, Reported(S.CLOSED), over(S.CLOSED, EndReason.LEFT)),
        )

    def test_with_media_of_ours_the_server_knows_better(self, machine):
        play(
            machine,
            (0, Opened(), [WakeAt(30)]),
            (1, Reported(S.CONNECTED), [WakeAt(3601), Announce(S.CONNECTED)]),
            (2, OfferReceived(1, "sdp"), [WakeAt(32), MakeAnswer(1, "sdp", {})]),
            (3, Reported(S.FAILED), []),
        )
        assert machine.reported_at is None


class TestSilence:
    def test_packets_put_the_alarm_off(self, connected):
        play(connected, (6, heard(5.9), [WakeAt(10.9)]), (10.9, heard(10.8), [WakeAt(15.8)]))

    def test_nothing_heard_at_all_counts_from_connected(self, connected):
        play(
            connected,
            (6, Woke(SILENT), [WakeAt(8)]),
            (
                8,
                Woke(SILENT),
                [Probe(), WakeAt(8.5), Announce(S.DISCONNECTED, EndReason.NO_PACKETS)],
            ),
        )

    def test_without_media_it_takes_seven_seconds(self, connected):
        play(
            connected,
            (6, heard(5, media=False), [WakeAt(12)]),
            (
                12,
                heard(5, media=False),
                [Probe(), WakeAt(12.5), Announce(S.DISCONNECTED, EndReason.NO_PACKETS)],
            ),
        )

    def test_a_packet_brings_it_back(self, disconnected):
        play(
            disconnected,
            (10.5, heard(5), [Probe(), WakeAt(11)]),
            (11, heard(10.9), [WakeAt(15.9), Announce(S.CONNECTED)]),
        )

    def test_back_after_nothing_was_ever_heard(self, connected):
        play(
            connected,
            (
                8,
                Woke(SILENT),
                [Probe(), WakeAt(8.5), Announce(S.DISCONNECTED, EndReason.NO_PACKETS)],
            ),
            (8.5, Woke(SILENT), [Probe(), WakeAt(9)]),
            (9, heard(8.9), [WakeAt(13.9), Announce(S.CONNECTED)]),
        )

    def test_thirty_seconds_later_it_has_failed(self, disconnected):
        play(
            disconnected,
            (39.8, heard(5), [Probe(), WakeAt(40)]),
            (40, heard(5), over(S.FAILED, EndReason.TRANSPORT_LOST)),
        )


class TestSignaling:
    def test_closed_while_packets_flow_changes_nothing(self, connected):
        play(
            connected,
            (4, SignalingClosed(), [Probe(), WakeAt(5.5)]),
            (5.5, heard(5.4), [WakeAt(6.9)]),
            (6.9, heard(6.8), [WakeAt(8.3)]),
        )

    def test_closed_and_silent_means_left(self, connected):
        play(
            connected,
            (4, SignalingClosed(), [Probe(), WakeAt(5.5)]),
            (5.5, heard(3.9), over(S.CLOSED, EndReason.LEFT)),
        )

    def test_an_earlier_alarm_stays(self, connected):
        play(connected, (5, SignalingClosed(), [Probe(), WakeAt(6)]), (6, heard(5), [WakeAt(6.5)]))

    def test_closed_twice_counts_from_the_first(self, connected):
        play(
            connected,
            (2, SignalingClosed(), [Probe(), WakeAt(3.5)]),
            (3, SignalingClosed(), [Probe(), WakeAt(3.5)]),
        )

    def test_back_in_time_nobody_left(self, connected):
        play(
            connected,
            (4, SignalingClosed(), [Probe(), WakeAt(5.5)]),
            (5, SignalingBack(), []),
            (5.5, heard(3.9), [WakeAt(8.9)]),
        )

    def test_lost_changes_nothing(self, connected):
        play(connected, (4, SignalingLost(), []), (6, heard(5), [WakeAt(10)]))

    def test_closed_while_disconnected_means_left(self, disconnected):
        play(
            disconnected,
            (10.2, SignalingClosed(), [Probe(), WakeAt(10.5)]),
            (10.5, heard(5), [Probe(), WakeAt(11)]),
            (11, heard(5), [Probe(), WakeAt(11.5)]),
            (11.5, heard(5), [Probe(), WakeAt(11.7)]),
            (11.7, heard(5), over(S.CLOSED, EndReason.LEFT)),
        )

    def test_closed_without_an_alarm_sets_one(self, machine):
        play(machine, (4, SignalingClosed(), [Probe(), WakeAt(5.5)]))


class TestEnds:
    @pytest.mark.parametrize("event", [Goodbye(), TransportClosed()])
    def test_leaving_counts_at_once(self, connected, event):
        play(connected, (2, event, over(S.CLOSED, EndReason.LEFT)))

    @pytest.mark.parametrize("reason", [EndReason.KICKED, EndReason.REPLACED])
    def test_ended_by_somebody_else(self, disconnected, reason):
        play(disconnected, (11, Ended(reason), over(S.CLOSED, reason)))


EVENTS = st.one_of(
    st.builds(Opened),
    st.builds(OfferReceived, st.integers(0, 5), st.just("sdp")),
    st.builds(AnswerMade, st.integers(0, 5), st.just(ANSWER)),
    st.builds(AnswerFailed, st.integers(0, 5), st.just("invalid_sdp"), st.just("no")),
    st.builds(TransportUp),
    st.builds(TransportClosed),
    st.builds(TransportFailed, st.sampled_from(EndReason)),
    st.builds(TransportLost),
    st.builds(Reported, st.sampled_from(S)),
    st.builds(SignalingClosed),
    st.builds(SignalingLost),
    st.builds(SignalingBack),
    st.builds(Goodbye),
    st.builds(Ended, st.sampled_from(EndReason)),
    st.builds(
        Woke,
        st.builds(Heard, st.none() | st.floats(0, 200), media=st.booleans()),
    ),
)


class TestEveryPair:
    @given(
        state=st.sampled_from(S),
        event=EVENTS,
        at=st.floats(0, 200),
        closed_at=st.none() | st.floats(0, 200),
        alarm=st.none() | st.floats(0, 200),
    )
    def test_a_row_leads_to_one_of_its_states_or_nothing_changes(
        self, state, event, at, closed_at, alarm
    ):
        machine = ConnectionMachine(RtcTimers())
        machine.state, machine.signaling_closed_at, machine.alarm = state, closed_at, alarm
        move = TABLE.get((state, type(event)))
        if move is None:
            with pytest.raises(IllegalTransitionError, match=type(event).__name__):
                machine.handle(event, at)
            assert (machine.state, machine.alarm) == (state, alarm)
            return
        commands = machine.handle(event, at)
        assert machine.state in move.targets
        announced = [command for command in commands if isinstance(command, Announce)]
        assert [one.state for one in announced] == (
            [] if machine.state is state else [machine.state]
        )

    @given(events=st.lists(st.tuples(st.floats(0, 10), EVENTS), max_size=40))
    def test_a_final_state_is_never_left_and_says_nothing(self, events):
        machine, now, final = ConnectionMachine(RtcTimers()), 0.0, None
        for pause, event in events:
            now += pause
            try:
                commands = machine.handle(event, now)
            except IllegalTransitionError:
                continue
            if final is not None:
                assert (machine.state, commands) == (final, [])
            if machine.state.final:
                final = machine.state

    @given(events=st.lists(st.tuples(st.floats(0, 10), EVENTS), max_size=40))
    def test_whoever_is_not_gone_has_an_alarm(self, events):
        machine, now = ConnectionMachine(RtcTimers()), 0.0
        machine.handle(Opened(), now)
        for pause, event in events:
            now += pause
            if isinstance(event, Opened | TransportUp):
                continue
            machine.handle(event, now)
            assert (machine.alarm is None) == machine.state.final

    def test_only_what_cannot_happen_has_no_row(self):
        kinds = {event for _, event in TABLE}
        missing = {(s.value, e.__name__) for s in S for e in kinds if (s, e) not in TABLE}
        assert missing == {
            *((s.value, "Opened") for s in S if s is not S.CONNECTING),
            ("connected", "TransportUp"),
            ("disconnected", "TransportUp"),
        }
