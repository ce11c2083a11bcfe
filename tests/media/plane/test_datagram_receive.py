import socket

import pytest

from media.plane.datagram_receive import CAPACITY, STRIDE, Inbox


@pytest.fixture(params=[True, False], ids=["batched", "one by one"])
def batched(request):
    return request.param


def wire(family, host):
    into = socket.socket(family, socket.SOCK_DGRAM)
    into.bind((host, 0))
    into.setblocking(False)
    out = socket.socket(family, socket.SOCK_DGRAM)
    out.bind((host, 0))
    out.connect(into.getsockname())
    return out, into


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_datagrams_come_with_size_and_sender(batched, family, host):
    out, into = wire(family, host)
    other = socket.socket(family, socket.SOCK_DGRAM)
    other.bind((host, 0))
    inbox = Inbox(into, use_recvmmsg=batched)
    assert inbox.receive() == 0
    out.send(b"one")
    other.sendto(b"", into.getsockname())
    out.send(b"three")
    assert inbox.receive() == 3
    assert list(inbox.sizes(3)) == [3, 0, 5]
    assert bytes(inbox.views[0][:3]) == b"one"
    assert bytes(inbox.views[2][:5]) == b"three"
    mine, theirs = (udp.getsockname()[:2] for udp in (out, other))
    assert [inbox.address(at) for at in range(3)] == [mine, theirs, mine]
    assert list(inbox.peers(3)) == [inbox.peer(mine), inbox.peer(theirs), inbox.peer(mine)]
    assert inbox.peer(mine) != inbox.peer(theirs)
    for udp in (out, into, other):
        udp.close()


def test_memory_is_used_again_and_every_place_of_it(batched):
    out, into = wire(socket.AF_INET, "127.0.0.1")
    inbox = Inbox(into, use_recvmmsg=batched)
    for number in range(CAPACITY + 3):
        out.send(bytes([number]) * (number + 1))
    assert inbox.receive() == CAPACITY
    assert list(inbox.sizes(CAPACITY)) == list(range(1, CAPACITY + 1))
    assert [view[0] for view in inbox.views] == list(range(CAPACITY))
    assert inbox.receive() == 3
    assert [bytes(inbox.views[at][:size])[-1] for at, size in enumerate(inbox.sizes(3))] == [
        CAPACITY,
        CAPACITY + 1,
        CAPACITY + 2,
    ]
    out.close()
    into.close()


def test_what_does_not_fit_is_as_long_as_its_place(batched):
    out, into = wire(socket.AF_INET, "127.0.0.1")
    inbox = Inbox(into, use_recvmmsg=batched)
    out.send(bytes(9000))
    assert inbox.receive() == 1
    assert list(inbox.sizes(1)) == [STRIDE]
    out.close()
    into.close()


def test_a_broken_socket_is_an_error(batched):
    out, into = wire(socket.AF_INET, "127.0.0.1")
    inbox = Inbox(into, use_recvmmsg=batched)
    into.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        inbox.receive()
    out.close()
