import socket

import pytest

from media.plane.datagram_batch import LENGTH_STEP, NAME_STEP, STRIDE, Batch, socket_name


@pytest.fixture
def wire():
    """A sender and a receiver on loopback."""
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    into = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    into.bind(("127.0.0.1", 0))
    into.settimeout(5)
    yield out, into
    out.close()
    into.close()


def queue(batch, descriptor, address, payload, family=socket.AF_INET):
    name = socket_name(family, address)
    at = batch.count
    batch.view[at * STRIDE : at * STRIDE + len(payload)] = payload
    batch.lengths[at * LENGTH_STEP + 1] = len(payload)
    batch.names[at * NAME_STEP], batch.names[at * NAME_STEP + 1] = name.place, name.length
    batch.descriptors[at] = descriptor
    batch.count += 1
    return name


@pytest.mark.parametrize("use_sendmmsg", [True, False])
def test_packets_arrive_in_order(wire, use_sendmmsg):
    out, into = wire
    batch = Batch(use_sendmmsg=use_sendmmsg)
    batch.register(out)
    payloads = [bytes([n]) * (n + 20) for n in range(10)]
    names = [queue(batch, out.fileno(), into.getsockname(), each) for each in payloads]
    batch.flush()
    assert [into.recv(2048) for _ in payloads] == payloads
    assert (batch.sent, batch.dropped, batch.count, len(names)) == (10, 0, 0, 10)


@pytest.mark.parametrize("use_sendmmsg", [True, False])
def test_one_unreachable_peer_costs_only_its_own_packet(wire, use_sendmmsg):
    out, into = wire
    batch = Batch(use_sendmmsg=use_sendmmsg)
    batch.register(out)
    names = [
        queue(batch, out.fileno(), into.getsockname(), b"one"),
        queue(batch, out.fileno(), ("127.0.0.1", 0), b"nowhere"),  # port 0 cannot be sent to
        queue(batch, out.fileno(), into.getsockname(), b"two"),
    ]
    batch.flush()
    assert [into.recv(100) for _ in range(2)] == [b"one", b"two"]
    assert (batch.sent, batch.dropped, len(names)) == (2, 1, 3)


@pytest.mark.parametrize("use_sendmmsg", [True, False])
def test_packets_of_several_sockets_go_out_through_their_own(wire, use_sendmmsg):
    out, into = wire
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.1", 0))
    batch = Batch(use_sendmmsg=use_sendmmsg)
    batch.register(out)
    batch.register(other)
    names = [
        queue(batch, out.fileno(), into.getsockname(), b"one"),
        queue(batch, other.fileno(), into.getsockname(), b"two"),
    ]
    batch.flush()
    into.recvfrom(100)
    data, address = into.recvfrom(100)
    assert (data, address, len(names)) == (b"two", other.getsockname(), 2)
    other.close()


@pytest.mark.parametrize("use_sendmmsg", [True, False])
def test_closed_socket_drops(use_sendmmsg):
    batch = Batch(use_sendmmsg=use_sendmmsg)
    name = queue(batch, 9999, ("127.0.0.1", 9), b"x")
    batch.flush()
    assert (batch.dropped, name is not None) == (1, True)


def test_ipv6_names():
    assert socket_name(socket.AF_INET6, ("::1", 5000)).length == 28


def test_ipv6_without_sendmmsg():
    into = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    into.bind(("::1", 0))
    into.settimeout(5)
    batch = Batch(use_sendmmsg=False)
    batch.register(into)
    name = queue(batch, into.fileno(), into.getsockname()[:2], b"hi", socket.AF_INET6)
    batch.flush()
    assert (into.recv(10), name.length) == (b"hi", 28)
    into.close()
