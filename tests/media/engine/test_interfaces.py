import socket

import pytest

from media.engine.interfaces import family, is_local, listening


@pytest.mark.parametrize(
    ("bind", "advertise", "result"),
    [
        (["0.0.0.0"], ["127.0.0.1", "127.0.0.2"], ("127.0.0.1", "127.0.0.2")),
        (["0.0.0.0"], ["127.0.0.1", "192.0.2.1"], ("0.0.0.0",)),  # behind a NAT
        (["0.0.0.0", "::"], ["127.0.0.1"], ("127.0.0.1", "::")),
        (["::"], ["::1", "127.0.0.1"], ("::1",)),
        (["127.0.0.1"], ["127.0.0.2"], ("127.0.0.1",)),
        (["0.0.0.0", "127.0.0.1"], ["127.0.0.1"], ("127.0.0.1",)),
    ],
)
def test_a_wildcard_becomes_what_is_advertised(bind, advertise, result):
    assert listening(bind, advertise) == result


def test_own_and_strange_addresses():
    assert is_local("127.0.0.1")
    assert not is_local("192.0.2.1")
    assert (family("::1"), family("10.0.0.1")) == (socket.AF_INET6, socket.AF_INET)
