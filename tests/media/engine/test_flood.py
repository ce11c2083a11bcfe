"""A tone goes through while strangers send everything that the media port might choke on."""

import asyncio
import contextlib
import random
import socket

import pytest
from pylibsrtp import Error as SrtpError
from support.hall import Hall
from support.rtc_peer import ToneTrack

from media.engine.internals import IceAgent
from media.types import ConnectionSpec

COOKIE = b"\x21\x12\xa4\x42"


@pytest.fixture
async def hall():
    hall = Hall()
    await hall.engine.start()
    yield hall
    await hall.close()
    assert hall.errors == []


def binding_request(agent: IceAgent, chance: random.Random) -> bytes:
    """As a browser sends it, but for the integrity."""
    name = f"{agent.local_username}:them".encode()
    attributes = b"\x00\x06" + len(name).to_bytes(2, "big") + name + bytes(-len(name) % 4)
    attributes += b"\x00\x24\x00\x04" + chance.randbytes(4) + b"\x80\x29\x00\x08" + bytes(8)
    attributes += b"\x00\x08\x00\x14" + chance.randbytes(20) + b"\x80\x28\x00\x04" + bytes(4)
    head = b"\x00\x01" + len(attributes).to_bytes(2, "big") + COOKIE + chance.randbytes(12)
    return head + attributes


def seeds(agent: IceAgent, chance: random.Random) -> list[bytes]:
    """One of each kind, well-formed as far as a stranger can make it."""
    hello = b"\x16\xfe\xff" + bytes(8) + b"\x00\x40\x01" + chance.randbytes(63)
    rtp = b"\x90\x6f" + chance.randbytes(10) + b"\xbe\xde\x00\x01\x10\xff\x00\x00" + bytes(60)
    report = b"\x81\xc9\x00\x07" + chance.randbytes(28) + b"\x80\x00\x00\x01" + bytes(10)
    answer = b"\x01\x01\x00\x08" + COOKIE + bytes(12) + b"\x00\x20\x00\x04" + bytes(4)
    return [binding_request(agent, chance), hello, rtp, report, answer]


def mutated(datagram: bytes, chance: random.Random) -> bytes:
    """Bytes flipped, cut, repeated or stretched."""
    data = bytearray(datagram)
    for _ in range(chance.randrange(4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    match chance.randrange(5):
        case 0:
            del data[chance.randrange(len(data)) :]
        case 1:
            data += chance.randbytes(chance.choice((1, 1400, 8900)))
        case 2:
            at = chance.randrange(len(data))
            data[at:at] = data[:at]
        case _:
            pass
    return bytes(data[:9000])


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_tone_goes_through_the_flood(hall, seed):
    ada = await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    ear = await bob.hears(440)
    lost = sum(hall.engine.stats(name).packets_lost for name in ("ada", "bob"))
    agent = hall.engine._peers["ada"]._agent
    chance = random.Random(seed)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    for _ in range(60):
        for hostile in sockets:
            for datagram in seeds(agent, chance):
                hostile.sendto(mutated(datagram, chance), ("127.0.0.1", hall.engine.udp_port))
        await asyncio.sleep(0.01)
    ear.forget()
    await asyncio.gather(bob.hears(440), ada.hears(1000))
    for hostile in sockets:
        hostile.close()
    counters = hall.engine.counters()
    assert counters["dropped_unknown_address"] > 100
    assert counters["control_malformed"] + counters["control_unknown_username"] > 100
    assert counters["dropped_failures"] == 0
    assert sum(hall.engine.stats(name).packets_lost for name in ("ada", "bob")) == lost
    assert len(hall.engine._mux) < 200  # tables are bounded
    assert hall.told.failed == {}


async def test_somebody_inside_who_sends_nonsense_disturbs_nobody_else(hall):
    """An authenticated participant fuzzes RTP and RTCP through its own keys."""
    ada = await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    await hall.join("eve", tone=1500)
    await bob.hears(440)
    chance = random.Random(7)
    sender = hall.peers["eve"].pc.getTransceivers()[0].sender
    sender.replaceTrack(None)  # its own numbers would make its library refuse ours
    track = hall.engine._peers["eve"].connection.tracks["0"]
    first, own = track.head + 1000, track.ssrc.to_bytes(4, "big")
    for number in range(400):
        ssrc = own if number < 300 else chance.randbytes(4)
        kind = chance.choice((96, chance.randrange(128)))  # their codec or any
        head = bytes((0x90, kind)) + (first + number & 0xFFFF).to_bytes(2, "big") + bytes(4)
        rest = b"\xbe\xde\x00\x01\x10\x8a\x00\x00" + chance.randbytes(chance.randrange(80))
        reports = mutated(b"\x81\xce\x00\x03" + chance.randbytes(12), chance)[:1000]
        for datagram in (
            head + ssrc + mutated(rest, chance)[:1000],
            b"\x80\xc9\x00\x01" + bytes(4) + reports,
        ):
            with contextlib.suppress(SrtpError, ValueError):  # what the client's library refuses
                await sender.transport._send_rtp(datagram)
        if number % 20 == 0:
            await asyncio.sleep(0.01)
    bob.ears["1"].forget()
    await asyncio.gather(bob.hears(440), ada.hears(1000))
    counters = hall.engine.stats("eve").counters
    assert min(counters["malformed"], counters["unknown_payload_type"]) > 10
    assert hall.engine.counters()["dropped_failures"] == 0


async def test_a_peer_with_two_streams_of_one_number_stays_itself(hall):
    """SSRCs collide only within one connection, where the newer m-line owns them."""
    ada, bob = await hall.join("ada", tone=440), await hall.join("bob", tone=1000)
    same = hall.engine._peers["ada"].connection.tracks["0"].ssrc
    eve = hall.peers["eve"] = type(ada)(microphone=ToneTrack(1500))
    eve.pc.getTransceivers()[0].sender._ssrc = same
    hall.engine.open(ConnectionSpec("eve", "r", "p-eve", "Eve"), hall.told)
    await hall.negotiate("eve")
    await eve.connected()
    await asyncio.gather(bob.hears(440), bob.hears(1500), eve.hears(440))
