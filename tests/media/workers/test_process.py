"""A worker without its process: both ends of the channel in this one."""

import asyncio
import logging
import socket

import pytest
from support.hall import LOOPBACK
from support.wait import until

from media.types import (
    ConnectionSpec,
    ListenerStats,
    MediaKind,
    RtcSettings,
    TileRequest,
    TrackSource,
)
from media.workers import messages as m
from media.workers import process as module
from media.workers.channel import Channel
from media.workers.messages import WireError
from media.workers.process import serve


@pytest.fixture
async def control():
    ours, theirs = socket.socketpair()
    channel = await Channel.over(ours)
    serving = asyncio.ensure_future(serve(theirs.detach()))
    channel.serving = serving
    yield channel
    await channel.close()
    await asyncio.gather(serving, return_exceptions=True)
    for handler in [h for h in logging.getLogger().handlers if isinstance(h, module._Forwarded)]:
        logging.getLogger().removeHandler(handler)


async def said(channel, kind):
    while True:
        message = m.decode_from(await channel.receive())
        if isinstance(message, kind):
            return message


async def test_it_says_when_it_is_ready_and_ends_with_its_channel(control):
    control.send(m.encode_to(m.Begin(LOOPBACK, 1.0)))
    assert (await said(control, m.Ready)).udp_port
    await control.close()
    await control.serving


async def test_the_first_message_says_how_to_run(control):
    control.send(m.encode_to(m.Probe("c")))
    with pytest.raises(WireError):
        await control.serving


async def test_it_does_not_begin_twice(control):
    for _ in range(2):
        control.send(m.encode_to(m.Begin(LOOPBACK, 1.0)))
    with pytest.raises(WireError):
        await control.serving


async def test_a_port_that_cannot_be_had_is_refused(control):
    nowhere = RtcSettings(0, ("192.0.2.1",), ("192.0.2.1",))
    control.send(m.encode_to(m.Begin(nowhere, 1.0)))
    assert (await said(control, m.Refusal)).call == 0
    await control.serving


async def test_without_a_first_message_it_ends(control):
    await control.close()
    await control.serving


async def test_bugs_and_log_lines_are_passed_on(control, monkeypatch):
    control.send(m.encode_to(m.Begin(LOOPBACK, 1.0)))
    await said(control, m.Ready)
    logging.getLogger("media.test").warning("a %s", "line")
    assert (await said(control, m.Logged)).message == "a line"
    for _ in range(2):  # the second time the id is taken
        control.send(m.encode_to(m.Open(ConnectionSpec("c", "r", "p", "P"))))
    assert (await said(control, m.Failed)).reason == "not_opened"
    assert (await said(control, m.Fault)).task == "open connection"


async def test_a_bug_in_a_call_is_an_answer_too(control, monkeypatch):
    async def broken(_self, _connection):
        raise ValueError("bug")

    monkeypatch.setattr(module.Engine, "close", broken)
    control.send(m.encode_to(m.Begin(LOOPBACK, 1.0)))
    await said(control, m.Ready)
    control.send(m.encode_to(m.Close(7, "c")))
    refusal = await said(control, m.Refusal)
    assert (refusal.call, refusal.error) == (7, "internal")
    monkeypatch.undo()


async def test_what_needs_no_answer_reaches_the_engine(control, monkeypatch):
    reached: list[tuple] = []
    for name in ("probe", "set_view", "set_listener_stats", "set_muted"):
        monkeypatch.setattr(
            module.Engine, name, lambda _, *facts, name=name, **more: reached.append((name, *facts))
        )
    control.send(m.encode_to(m.Begin(LOOPBACK, 1.0)))
    await said(control, m.Ready)
    tiles = (TileRequest("p", TrackSource.CAMERA, 320, 180),)
    stats = (ListenerStats(MediaKind.AUDIO, 50, 3, 4.0),)
    control.send(m.encode_to(m.Probe("c")))
    control.send(m.encode_to(m.View("c", tiles)))
    control.send(m.encode_to(m.Listener("c", stats)))
    control.send(m.encode_to(m.Mute("c", TrackSource.MICROPHONE, True)))
    await until(lambda: len(reached) == 4)
    assert reached == [
        ("probe", "c"),
        ("set_view", "c", tiles),
        ("set_listener_stats", "c", stats),
        ("set_muted", "c", TrackSource.MICROPHONE),
    ]
    monkeypatch.undo()


async def test_what_it_does_not_know_is_refused(control):
    control.send(m.encode_to(m.Begin(LOOPBACK, 1.0)))
    await said(control, m.Ready)
    control.send(m.encode_to(m.PauseRecording("unknown", on=True)))
    control.send(m.encode_to(m.StopRecording(3, "unknown", "user")))
    assert (await said(control, m.Refusal)).code == "abandoned"
    control.send(m.encode_to(m.Offer(4, "unknown", "v=0", {})))
    assert (await said(control, m.Refusal)).error == "media"
