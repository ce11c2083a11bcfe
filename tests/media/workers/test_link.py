"""One worker process as the control process sees it."""

import asyncio
import os
import signal
import socket

import pytest
from support.hall import LOOPBACK, Hall
from support.wait import until

from media.clock import SystemClock
from media.errors import MediaError, NegotiationError
from media.types import ConnectionSpec, RtcSettings
from media.workers import link as module
from media.workers import messages as m
from media.workers.channel import Channel
from media.workers.link import Link, WorkerLostError
from media.workers.remote import WorkerEngine


class Told:
    def __init__(self):
        self.said, self.lost = [], 0

    def worker_said(self, link, message):
        self.said.append(message)

    def worker_lost(self, link):
        self.lost += 1


@pytest.fixture
def told():
    return Told()


def faulted(task, error):
    raise AssertionError(task) from error


@pytest.fixture
async def link(told):
    link = Link(m.Begin(LOOPBACK, 1.0), told, SystemClock(), faulted)
    await link.start()
    yield link
    await link.stop()


async def test_it_is_ready_and_pulses(link, told):
    assert link.udp_port
    await until(lambda: any(isinstance(one, m.Pulse) for one in told.said))


async def test_what_is_said_while_it_is_replaced_reaches_the_successor(link, told, monkeypatch):
    before, port = link.pid, link.udp_port
    os.kill(before, signal.SIGKILL)
    await until(lambda: told.lost == 1)
    link.send(m.Open(ConnectionSpec("c", "r", "p", "P")))
    with pytest.raises(NegotiationError):
        await link.call(lambda call: m.Offer(call, "c", "nonsense", {}))
    assert link.pid != before
    assert link.udp_port
    assert port


async def test_a_call_under_way_is_told_of_the_loss(link, told):
    os.kill(link.pid, signal.SIGSTOP)  # it will never answer
    waiting = asyncio.ensure_future(link.call(lambda call: m.Close(call, "c")))
    await asyncio.sleep(0)
    os.kill(link.pid, signal.SIGKILL)
    with pytest.raises(WorkerLostError):
        await waiting


async def test_a_call_that_was_told_of_the_loss_does_not_reach_the_successor(told):
    link = Link(m.Begin(LOOPBACK, 1.0), told, SystemClock(), faulted)
    waiting = asyncio.ensure_future(link.call(lambda call: m.Close(call, "c")))
    await asyncio.sleep(0)
    link.send(m.Probe("c"))
    link._lost()
    with pytest.raises(WorkerLostError):
        await waiting
    ours, theirs = socket.socketpair()
    channel, other = await Channel.over(ours), await Channel.over(theirs)
    link._heard(channel, m.Ready(1))
    await channel.close()
    assert m.decode_to(await other.receive()) == m.Probe("c")
    assert await other.receive() is None
    await other.close()


async def test_one_that_hangs_is_replaced(link, told, monkeypatch):
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    await until(lambda: told.said)
    before = link.pid
    os.kill(before, signal.SIGSTOP)
    await until(lambda: told.lost == 1)
    await until(lambda: link.pid not in (None, before))


async def test_what_waits_for_a_successor_is_bounded(told, monkeypatch):
    monkeypatch.setattr(module, "BACKLOG", 1)
    link = Link(m.Begin(LOOPBACK, 1.0), told, SystemClock(), faulted)
    link.send(m.Probe("c"))
    with pytest.raises(MediaError):
        link.send(m.Probe("c"))


async def test_nonsense_from_a_worker_ends_it(told):
    errors = []
    link = Link(
        m.Begin(LOOPBACK, 1.0), told, SystemClock(), lambda task, error: errors.append(task)
    )
    ours, theirs = socket.socketpair()
    channel, other = await Channel.over(ours), await Channel.over(theirs)
    other.send(b"nonsense")
    await link._listen(channel)
    assert errors == ["media worker"]
    await channel.close()
    await other.close()


async def test_a_port_that_is_taken_is_told(hall):
    taken = RtcSettings(hall.engine.udp_port, ("127.0.0.1",), ("127.0.0.1",))
    other = Hall(taken, lambda rtc, clock, fault: WorkerEngine(rtc, 1, 1.0, clock, fault))
    with pytest.raises(MediaError, match=str(hall.engine.udp_port)):
        await other.engine.start()
    await other.close()
