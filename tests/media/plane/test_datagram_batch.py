import socket

import pytest

from media.plane.datagram_batch import STRIDE, Batch, socket_name


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


def queue(batch, descriptor, address, payload):
    name, length = socket_name(socket.AF_INET, address)
    at = batch.count
    batch.view[at * STRIDE : at * STRIDE + len(payload)] = payload
    batch.vectors[at].iov_len = len(payload)
    batch.headers[at].msg_name, batch.headers[at].msg_namelen = name, length
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
    _, length = socket_name(socket.AF_INET6, ("::1", 5000))
    assert length == 28


def test_ipv6_without_sendmmsg():
    into = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    into.bind(("::1", 0))
    into.settimeout(5)
    batch = Batch(use_sendmmsg=False)
    batch.register(into)
    name, length = socket_name(socket.AF_INET6, into.getsockname()[:2])
    batch.view[:2] = b"hi"
    batch.vectors[0].iov_len = 2
    batch.headers[0].msg_name, batch.headers[0].msg_namelen = name, length
    batch.descriptors[0] = into.fileno()
    batch.count = 1
    batch.flush()
    assert into.recv(10) == b"hi"
    into.close()
