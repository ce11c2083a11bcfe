"""The load's own clients, which are no aiortc: over IPv4 and IPv6, with strange numbers."""

import asyncio
import sys
from pathlib import Path

import pytest
from support.wait import until

sys.path.append(str(Path(__file__).parents[2]))  # `bench` is no installed package

from bench.loop import MediaLoop
from bench.roomtone import Roomtone
from bench.speech import speech_packets


@pytest.fixture
async def server(request):
    async with Roomtone(getattr(request, "param", "127.0.0.1"), None) as server:
        yield server


@pytest.fixture
async def loop():
    loop = MediaLoop(speech_packets())
    loop.start()
    yield loop
    members = loop.members
    await asyncio.to_thread(loop.stop)
    for member in members:
        member.transport.close()


async def gather(server, loop, people):
    meeting = await server.open_meeting(record=False)
    members = [await server.join(meeting, number) for number in range(people)]
    for member in members:
        loop.add(member)
    return members


@pytest.mark.parametrize("server", ["127.0.0.1", "::1"], indirect=True)
async def test_speech_arrives_whole(server, loop):
    talker, listener = await gather(server, loop, 2)
    talker.mode = "speak"
    await until(lambda: listener.counts.received > 50)
    assert listener.counts.lost == 0
    assert listener.counts.forged == 0
    assert listener.counts.latencies_ms


async def test_two_speakers_with_one_ssrc_are_both_heard(server, loop):
    one, other, listener = await gather(server, loop, 3)
    other.audio.ssrc = one.audio.ssrc
    for member in (one, other):
        member.mode = "speak"
    await until(lambda: len(listener.incoming) == 2)
    await until(lambda: all(each.packets > 30 for each in listener.incoming.values()))
    assert listener.counts.lost == 0


async def test_jump_of_a_senders_numbers_is_no_gap_for_listeners(server, loop):
    talker, listener = await gather(server, loop, 2)
    talker.mode = "speak"
    await until(lambda: listener.counts.received > 20)
    talker.audio.sequence = (talker.audio.sequence + 9000) & 0xFFFF
    before = listener.counts.received
    await until(lambda: listener.counts.received > before + 20)
    assert listener.counts.lost == 0
    assert len(listener.incoming) == 1
