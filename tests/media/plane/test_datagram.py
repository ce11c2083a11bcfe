import asyncio
import os
import socket

import pytest
from support.plane import Events, Rig
from support.wait import until

from media.clock import SystemClock
from media.errors import MediaError
from media.plane.datagram import DatagramPlane
from media.plane.datagram_receive import CAPACITY
from media.plane.port import SrtpKeys


class Wires(Events):
    def __init__(self):
        super().__init__()
        self.controls = []
        self.fail = False

    def control(self, datagram, address, index):
        if self.fail:
            raise RuntimeError("provoked")
        self.controls.append((datagram, address, index))


@pytest.fixture(params=[True, False], ids=["batched", "one by one"])
async def plane(request):
    errors = []
    events = Wires()
    plane = DatagramPlane(
        SystemClock(),
        events,
        lambda name, error: errors.append((name, error)),
        use_batches=request.param,
    )
    plane.events, plane.errors = events, errors
    plane.bind(["127.0.0.1", "::1"], 0)
    yield plane
    plane.close()


@pytest.fixture
def client():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.setblocking(False)
    yield udp
    udp.close()


def attach(plane, person, client):
    keys = SrtpKeys(person.connection.rx, person.connection.tx, "test", person)
    plane.attach(person.connection, keys, client.getsockname(), 0)


def to_plane(plane, client, datagram):
    client.sendto(datagram, ("127.0.0.1", plane.port))


async def test_one_port_for_every_family(plane):
    assert plane.port > 0
    assert plane.hosts == ("127.0.0.1", "::1")
    assert plane.families == (socket.AF_INET, socket.AF_INET6)
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    six.sendto(b"\x00" + bytes(19), ("::1", plane.port))
    await until(lambda: plane.events.controls)
    assert plane.events.controls[0][1] == ("::1", six.getsockname()[1])
    assert plane.events.controls[0][2] == 1
    six.close()


async def test_taken_port_is_an_error_that_leaves_nothing_open(plane):
    other = DatagramPlane(SystemClock(), Wires(), lambda *_: None)
    with pytest.raises(MediaError, match="is taken"):
        other.bind(["127.0.0.2", "127.0.0.1"], plane.port)
    assert other.port == 0
    with pytest.raises(MediaError, match="cannot be bound"):
        other.bind(["203.0.113.1"], 0)


async def test_hostile_datagrams_are_dropped_and_counted(plane, client):
    for datagram in (
        b"",
        b"\x80",
        bytes(11),
        b"\x80" + bytes(1500),
        b"\x90" + os.urandom(8999),
        b"\x80\x6f" + os.urandom(100),
        b"\x80\xc8" + os.urandom(100),
        b"\x50" + os.urandom(30),
        b"\xff" + os.urandom(30),
    ):
        to_plane(plane, client, datagram)
    to_plane(plane, client, b"\x16" + bytes(30))
    await until(lambda: plane.events.controls)
    assert (plane.drops.size, plane.drops.unknown_address, plane.drops.unknown_kind) == (5, 2, 2)
    assert plane.errors == []


async def test_bug_behind_a_datagram_is_reported_and_reading_goes_on(plane, client):
    plane.events.fail = True
    to_plane(plane, client, bytes(20))
    await until(lambda: plane.errors)
    plane.events.fail = False
    to_plane(plane, client, bytes(20))
    await until(lambda: plane.events.controls)
    assert plane.errors[0][0] == "datagram"
    assert plane.drops.failures == 1


async def test_media_flows_between_two_addresses(plane, client):
    rig = Rig()
    ada, bob = rig.speaker("ada"), rig.listener("bob")
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind(("127.0.0.1", 0))
    ear.setblocking(False)
    attach(plane, ada, client)
    attach(plane, bob, ear)
    loop = asyncio.get_running_loop()
    to_plane(plane, client, ada.protect(1))
    assert bob.unprotect(await loop.sock_recv(ear, 2048)).sequence == 100
    to_plane(plane, client, ada.protect_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x05"))
    await until(lambda: plane.events.compounds)
    plane.send_rtcp(bob.connection, b"\x80\xc9\x00\x01\x00\x00\x00\x07")
    assert bob.unprotect_rtcp(await loop.sock_recv(ear, 2048))[7] == 7
    assert plane.sent == 1
    ear.close()


async def test_one_turn_reads_more_than_fits_into_one_batch(plane, client):
    rig = Rig()
    ada = rig.speaker("ada")
    attach(plane, ada, client)
    count = 2 * CAPACITY + 1
    for number in range(count):
        to_plane(plane, client, ada.protect(number))
    plane.read(0)
    assert ada.connection.packets_received == ada.connection.tracks["m0"].received == count
    assert ada.connection.counters.auth_failed == 0


async def test_forged_rtcp_is_counted(plane, client):
    rig = Rig()
    ada = rig.speaker("ada")
    attach(plane, ada, client)
    to_plane(plane, client, b"\x80\xc9\x00\x01" + bytes(40))
    await until(lambda: ada.connection.counters.auth_failed)
    assert plane.events.compounds == []


async def test_moved_peer_is_heard_from_its_new_address_only(plane, client):
    rig = Rig()
    ada = rig.speaker("ada")
    attach(plane, ada, client)
    new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    new.bind(("127.0.0.1", 0))
    plane.move(ada.connection, new.getsockname(), 0)
    to_plane(plane, client, ada.protect(1))
    new.sendto(ada.protect(2), ("127.0.0.1", plane.port))
    await until(lambda: ada.connection.packets_received)
    assert plane.drops.unknown_address == 1
    plane.detach(ada.connection)
    plane.detach(ada.connection)
    assert plane.attached == 0
    plane.send_rtcp(ada.connection, b"")
    new.close()


async def test_what_waits_to_be_sent_when_a_peer_moves_goes_where_it_was(plane, client):
    rig = Rig()
    ada, bob = rig.speaker("ada"), rig.listener("bob")
    ears = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for ear in ears:
        ear.bind(("127.0.0.1", 0))
        ear.setblocking(False)
    old, new = ears
    attach(plane, ada, client)
    attach(plane, bob, old)
    plane.events.control = lambda *_: plane.move(bob.connection, new.getsockname(), 0)
    for datagram in (ada.protect(1), bytes(20), bytes(20), ada.protect(2)):
        to_plane(plane, client, datagram)
    plane.read(0)  # all in one turn; the second move takes the memory that the first let go
    assert [bob.unprotect(ear.recv(2048)).sequence for ear in ears] == [100, 101]
    for ear in ears:
        ear.close()


async def test_a_reused_address_belongs_to_the_newest(plane, client):
    rig = Rig()
    ada, bob = rig.speaker("ada"), rig.speaker("bob", ssrc=7)
    attach(plane, ada, client)
    attach(plane, bob, client)
    plane.detach(ada.connection)
    to_plane(plane, client, bob.protect(1, ssrc=7))
    await until(lambda: bob.connection.packets_received)
    assert ada.connection.packets_received == 0


async def test_oversized_rtcp_and_unsendable_control_are_counted(plane, client):
    rig = Rig()
    ada = rig.speaker("ada")
    attach(plane, ada, client)
    plane.send_rtcp(ada.connection, bytes(1450))
    assert ada.connection.counters.protect_failed == 1
    plane.send(b"x", ("127.0.0.1", 0), 0)
    plane.send(b"x", ("127.0.0.1", 9), 7)
    assert plane.refused == 2
