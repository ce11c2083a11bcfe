"""The driver: one event at a time, all its commands, one alarm, ordered work of the engine."""

import asyncio

import pytest
from support.clock import FakeClock
from support.engine import FakeEngine
from support.playbook import FakeSchedule
from support.wait import until

from media.clock import SystemClock
from media.errors import MediaError
from media.tasks import TaskScope
from media.types import ConnectionSpec, Heard
from signaling.connection_machine import ConnectionMachine
from signaling.driver import CANDIDATE_LIMIT, Alarm, Driver, DriverListener, loop_schedule
from signaling.errors import IllegalTransitionError
from signaling.events import (
    Ended,
    Goodbye,
    OfferReceived,
    Opened,
    SignalingClosed,
    SignalingLost,
    TransportUp,
)
from signaling.model import ConnectionState, EndReason
from signaling.ports import RtcTimers


class Heardsay(DriverListener):
    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.on_announce = lambda: None

    def answered(self, offer_id, answer):
        self.told.append(("answered", offer_id))

    def refused(self, offer_id, code, message):
        self.told.append(("refused", offer_id, code))

    def invalid_candidate(self, code, message):
        self.told.append(("candidate", code))

    def announced(self, state, reason):
        self.told.append((state, reason))
        self.on_announce()


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock(0)
        self.schedule = FakeSchedule(self.clock)
        self.engine = FakeEngine()
        self.listener = Heardsay()
        self.faults: list[BaseException] = []
        self.scope = TaskScope(lambda name, error: self.faults.append(error))
        self.driver = Driver(
            "c1",
            ConnectionMachine(RtcTimers()),
            self.listener,
            engine=self.engine,
            clock=self.clock,
            schedule=self.schedule,
            scope=self.scope,
            on_error=lambda name, error: self.faults.append(error),
        )
        self.engine.open(ConnectionSpec("c1", "r", "p", "Ada"), None)
        self.driver.start()
        self.driver.post(Opened())

    @property
    def told(self):
        return self.listener.told


@pytest.fixture
async def bench():
    made = Bench()
    yield made
    await made.scope.close()


async def test_the_alarm_asks_the_engine_when_the_peer_was_heard(bench):
    bench.driver.post(TransportUp())
    bench.engine.heard_of["c1"] = Heard(4.0, media=True)
    bench.schedule.advance(8.9)
    assert bench.told == [(ConnectionState.CONNECTED, None)]
    bench.schedule.advance(0.1)
    assert bench.told[-1] == (ConnectionState.DISCONNECTED, EndReason.NO_PACKETS)


async def test_a_replaced_alarm_never_rings(bench):
    rung = []
    alarm = Alarm(bench.schedule, lambda: rung.append(bench.clock.monotonic()))
    alarm.set(5)
    alarm.set(7)
    bench.schedule.advance(10)
    assert rung == [7]
    alarm.set(12)
    alarm.set(None)
    bench.schedule.advance(10)
    assert rung == [7]


async def test_an_event_that_comes_while_one_is_handled_waits(bench):
    bench.listener.on_announce = lambda: bench.driver.post(SignalingLost())
    bench.driver.post(Goodbye())
    assert bench.told == [(ConnectionState.CLOSED, EndReason.LEFT)]
    assert bench.faults == []


async def test_an_inbox_that_overflows_is_a_fault_and_nothing_else(bench):
    def flood():
        for _ in range(100):
            bench.driver.post(SignalingLost())

    bench.listener.on_announce = flood
    bench.driver.post(TransportUp())
    assert {type(fault) for fault in bench.faults} == {OverflowError}
    assert bench.driver.state is ConnectionState.CONNECTED


async def test_an_impossible_event_ends_that_connection_and_is_reported(bench):
    bench.driver.post(TransportUp())
    bench.driver.post(TransportUp())
    assert isinstance(bench.faults[0], IllegalTransitionError)
    assert bench.told[-1] == (ConnectionState.CLOSED, EndReason.PROTOCOL_ERROR)


async def test_the_engine_closes_after_the_last_word(bench):
    bench.driver.post(Ended(EndReason.KICKED))
    await until(lambda: bench.engine.specs == {})
    await until(lambda: len(bench.scope) == 0)


async def test_candidates_and_offers_keep_their_order(bench):
    order = []
    answer, add = bench.engine.answer, bench.engine.add_candidate
    go = asyncio.Event()

    async def slow_answer(*args):
        await go.wait()
        order.append("answer")
        return await answer(*args)

    async def noted(*args):
        order.append("candidate")
        await add(*args)

    bench.engine.answer, bench.engine.add_candidate = slow_answer, noted
    bench.driver.post(OfferReceived(0, "v=0"))
    bench.driver.add_candidate("candidate:1")
    go.set()
    await until(lambda: len(order) == 2)
    assert order == ["answer", "candidate"]


async def test_candidates_are_bounded(bench):
    for _ in range(CANDIDATE_LIMIT + 2):
        bench.driver.add_candidate("candidate:1")
    assert bench.told == [("candidate", "invalid_candidate")] * 2


async def test_a_bad_candidate_is_told(bench):
    bench.driver.add_candidate("bad")
    await until(lambda: bench.told)
    assert bench.told == [("candidate", "invalid_candidate")]


async def test_candidates_after_the_end_are_ignored(bench):
    bench.driver.post(Goodbye())
    bench.driver.add_candidate("bad")
    assert bench.told == [(ConnectionState.CLOSED, EndReason.LEFT)]


async def test_an_engine_that_forgot_the_connection(bench):
    async def gone(*args):
        raise MediaError("unknown connection")

    bench.engine.answer = bench.engine.add_candidate = gone
    bench.driver.add_candidate("candidate:1")
    bench.driver.post(OfferReceived(0, "v=0"))
    await until(lambda: bench.told)
    assert bench.told == [("refused", 0, "invalid_state")]


async def test_an_engine_that_breaks_ends_the_connection(bench):
    async def broken(*args):
        raise ZeroDivisionError

    bench.engine.answer = broken
    bench.driver.post(OfferReceived(0, "v=0"))
    await until(lambda: bench.told)
    assert bench.told == [(ConnectionState.CLOSED, EndReason.PROTOCOL_ERROR)]
    assert [type(fault) for fault in bench.faults] == [ZeroDivisionError]


async def test_a_closed_page_is_probed(bench):
    bench.driver.post(TransportUp())
    bench.driver.post(SignalingClosed())
    assert bench.engine.probes == ["c1"]


async def test_the_loop_rings_too():
    rung = asyncio.Event()
    clock = SystemClock()
    schedule = loop_schedule(clock)
    schedule(clock.monotonic() + 60, lambda: pytest.fail("was cancelled")).cancel()
    schedule(clock.monotonic() - 1, rung.set)
    async with asyncio.timeout(5):
        await rung.wait()
    assert rung.is_set()
