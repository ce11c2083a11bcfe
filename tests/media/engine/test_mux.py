import struct

import pytest
from support.clock import FakeClock

from media.engine.mux import Mux

HERE, THERE = ("192.0.2.1", 1000), ("192.0.2.2", 2000)
COOKIE = b"\x21\x12\xa4\x42"


class Agent:
    """Notes what reaches it."""

    def __init__(self, username):
        self.local_username = username
        self.path = None
        self.got = []
        self.error = None

    def take(self, datagram, address, index):
        if self.error:
            raise self.error
        self.got.append(("request", address, index))

    def answered(self, datagram, address, index, now_ns):
        self.got.append(("answer", address, index))

    def data_received(self, datagram, component):
        self.got.append(("dtls", datagram))


class Plane:
    def __init__(self):
        self.sent = []

    def send(self, datagram, address, index):
        self.sent.append((datagram, address, index))


@pytest.fixture
def mux():
    mux = Mux(Plane(), FakeClock())
    mux.ada, mux.bob = Agent("adaadaad"), Agent("bobbobbo")
    mux.register(mux.ada)
    mux.register(mux.bob)
    return mux


def request(username, before=b""):
    name = username.encode()
    body = before + struct.pack("!HH", 6, len(name)) + name + bytes(-len(name) % 4)
    return b"\x00\x01" + struct.pack("!H", len(body)) + COOKIE + bytes(12) + body


def test_requests_go_to_whom_they_name(mux):
    mux.control(request("adaadaad:them", struct.pack("!HHL", 0x24, 4, 9)), HERE, 1)
    mux.control(request("nobody12:them"), HERE, 0)
    mux.control(b"\x00\x01\x00\x00" + COOKIE + bytes(12), HERE, 0)
    mux.control(request("\u00e4\u00f6"), HERE, 0)
    assert mux.ada.got == [("request", HERE, 1)]
    assert mux.drops.unknown_username == 3


def test_answers_go_to_who_asked(mux):
    mux.expect(b"t" * 12, mux.bob)
    answer = b"\x01\x01\x00\x00" + COOKIE + b"t" * 12
    mux.control(answer, THERE, 0)
    mux.forget(b"t" * 12)
    mux.control(answer, THERE, 0)
    assert mux.bob.got == [("answer", THERE, 0)]
    assert mux.drops.unknown_transaction == 1


def test_dtls_goes_to_the_owner_of_its_address(mux):
    mux.control(b"\x16" + bytes(20), HERE, 0)
    mux.claim(HERE, mux.ada, proven=False)
    mux.control(b"\x16" + bytes(20), HERE, 0)
    assert mux.ada.got == [("dtls", b"\x16" + bytes(20))]
    assert mux.drops.unknown_address == 1


def test_a_forged_source_takes_no_address_from_a_proven_peer(mux):
    mux.ada.path = (HERE, 0)
    mux.claim(HERE, mux.ada, proven=True)
    mux.claim(HERE, mux.bob, proven=False)
    mux.control(b"\x16" + bytes(20), HERE, 0)
    assert mux.bob.got == []
    mux.claim(HERE, mux.bob, proven=True)
    mux.control(b"\x16" + bytes(20), HERE, 0)
    assert len(mux.bob.got) == 1


def test_an_unproven_address_may_change_hands(mux):
    mux.claim(HERE, mux.ada, proven=False)
    mux.claim(HERE, mux.bob, proven=False)
    mux.control(b"\x16" + bytes(20), HERE, 0)
    assert len(mux.bob.got) == 1


def test_malformed_messages_are_counted(mux):
    mux.control(b"\x00\x01" + bytes(12), HERE, 0)
    mux.control(b"\x00\x01\x00\x00" + bytes(16), HERE, 0)
    mux.ada.error = KeyError("PRIORITY")
    mux.control(request("adaadaad:x"), HERE, 0)
    mux.control(b"\x00\x11\x00\x00" + COOKIE + bytes(12), HERE, 0)  # an indication: nothing to do
    assert mux.drops.malformed == 3


def test_nothing_is_left_of_an_agent(mux):
    mux.claim(HERE, mux.ada, proven=True)
    mux.release(mux.ada)
    mux.release(mux.bob)
    assert len(mux) == 0


def test_user_names_are_unique_and_unguessable(mux):
    names = {mux.new_username() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) == 8 and name.isalnum() for name in names)


def test_sends_through_the_plane(mux):
    mux.send(b"x", HERE, 1)
    assert mux._plane.sent == [(b"x", HERE, 1)]
