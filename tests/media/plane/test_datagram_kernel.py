import socket

import pytest

from media.plane import datagram_kernel
from media.plane.datagram_kernel import find_call, host_and_port, socket_address


@pytest.mark.parametrize(
    ("family", "address", "size"),
    [(socket.AF_INET, ("192.0.2.7", 0x1234), 16), (socket.AF_INET6, ("2001:db8::7", 65535), 28)],
)
def test_an_address_comes_back_as_it_was_packed(family, address, size):
    raw = socket_address(family, address)
    assert len(raw) == size
    assert host_and_port(raw) == host_and_port(memoryview(raw)) == address


def test_text_is_no_address():
    with pytest.raises(OSError, match="illegal IP address"):
        socket_address(socket.AF_INET, ("localhost", 1))


def test_calls_are_those_of_linux(monkeypatch):
    assert find_call("no_such_call") is None
    monkeypatch.setattr(datagram_kernel.platform, "system", lambda: "Darwin")
    assert find_call("recvmmsg") is None
