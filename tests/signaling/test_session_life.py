"""A session's life: what is written, when, and who is told."""

from dataclasses import replace

from support.clock import FakeClock
from support.engine import FakeEngine
from support.playbook import FakeSchedule
from support.signaling import MEETING, FakeGate, MemoryLog

from media.tasks import TaskScope
from signaling.context import Context
from signaling.doors import Doors
from signaling.events import EndRequested, PresenceChanged
from signaling.model import EndReason, Meeting, SessionState
from signaling.session_life import SessionLife, SessionListener
from signaling.settings import SignalingSettings


class Listener(SessionListener):
    def __init__(self) -> None:
        self.told: list[object] = []
        self.life: SessionLife | None = None

    def close_everybody(self, reason):
        self.told.append(("close", reason))
        assert self.life is not None
        self.life.post(PresenceChanged(0, 0, 0))  # as each connection's end does

    def state_changed(self, sequence, state):
        self.told.append((sequence, state))

    def session_over(self):
        self.told.append("over")


def begin(
    continues: str | None = None, meeting: Meeting = MEETING
) -> tuple[SessionLife, Listener, MemoryLog, FakeSchedule]:
    clock, log, listener = FakeClock(), MemoryLog(), Listener()
    schedule = FakeSchedule(clock)
    context = Context(
        engine=FakeEngine(),
        gate=FakeGate(),
        log=log,
        clock=clock,
        schedule=schedule,
        scope=TaskScope(lambda name, error: None),
        on_error=lambda name, error: None,
        settings=SignalingSettings(),
        doors=Doors(clock, schedule, 1800, lambda meeting: None),
    )
    life = listener.life = SessionLife(meeting, context, listener, continues)
    return life, listener, log, schedule


def test_from_pending_to_the_end_of_the_keep_alive():
    life, listener, log, schedule = begin()
    life.post(PresenceChanged(0, 1, 0))
    life.post(PresenceChanged(1, 0, 0))
    started = life.session.started_at
    schedule.advance(10)
    life.post(PresenceChanged(0, 0, 0))
    schedule.advance(60)
    assert listener.told == [
        (2, SessionState.LIVE),
        (3, SessionState.KEEP_ALIVE),
        ("close", EndReason.EMPTY),
        (4, SessionState.ENDED),
        "over",
    ]
    assert life.session.started_at == started
    assert (life.session.ended_at - started).total_seconds() == 70
    assert life.session.reason is EndReason.EMPTY
    assert log.types() == ["session.changed"] * 4


def test_a_meeting_may_keep_its_sessions_longer_or_shorter():
    life, _, _, schedule = begin(meeting=replace(MEETING, keep_alive_seconds=5))
    life.post(PresenceChanged(1, 0, 0))
    life.post(PresenceChanged(0, 0, 0))
    schedule.advance(4)
    assert life.session.state is SessionState.KEEP_ALIVE
    schedule.advance(1)
    assert life.session.state is SessionState.ENDED


def test_the_start_is_the_first_one_s():
    life, _, _, schedule = begin()
    life.post(PresenceChanged(1, 0, 0))
    started = life.session.started_at
    life.post(PresenceChanged(0, 0, 0))
    schedule.advance(5)
    life.post(PresenceChanged(1, 0, 0))
    assert life.session.state is SessionState.LIVE
    assert life.session.started_at == started


def test_one_that_never_connected_anybody_leaves_no_history():
    life, listener, log, _ = begin()
    life.post(PresenceChanged(0, 1, 0))
    life.post(PresenceChanged(0, 0, 0))
    assert listener.told == ["over"]
    assert log.types() == ["session.changed", "session.discarded"]
    assert life.session.started_at is None


def test_ended_for_all():
    life, listener, _, _ = begin()
    life.post(PresenceChanged(1, 0, 0))
    life.post(EndRequested(EndReason.MEETING_ENDED))
    assert listener.told[1:] == [
        ("close", EndReason.MEETING_ENDED),
        (3, SessionState.ENDED),
        "over",
    ]


def test_what_it_continues_can_be_named_until_somebody_is_connected():
    life, _, log, _ = begin()
    life.continue_from("s0")
    life.continue_from("s1")
    assert life.session.continues == "s0"
    assert log.types() == ["session.changed"] * 2
    live, _, _, _ = begin()
    live.post(PresenceChanged(1, 0, 0))
    live.continue_from("s0")
    assert live.session.continues is None
