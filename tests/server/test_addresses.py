from types import SimpleNamespace

import pytest

from server import addresses
from server.addresses import advertised, has_ipv6_loopback, is_reachable


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """A machine with these addresses."""

    def has(*found: object) -> None:
        adapters = [SimpleNamespace(ips=[SimpleNamespace(ip=ip) for ip in found])]
        monkeypatch.setattr(addresses.ifaddr, "get_adapters", lambda: adapters)

    return has


def test_named_addresses_are_taken_as_they_are():
    assert advertised(["203.0.113.5"], ["0.0.0.0"]) == ("203.0.113.5",)


def test_auto_is_what_is_listened_on():
    assert advertised(["auto"], ["127.0.0.1", "::1"]) == ("127.0.0.1", "::1")


def test_auto_on_all_addresses_is_every_address_others_may_reach(machine):
    machine("127.0.0.1", "10.0.0.7", ("fe80::1%eth0", 0, 2), ("2001:db8::7", 0, 0), "169.254.1.1")
    assert advertised(["auto"], ["0.0.0.0"]) == ("10.0.0.7",)
    assert advertised(["auto"], ["0.0.0.0", "::"]) == ("10.0.0.7", "2001:db8::7")


def test_public_and_own_addresses_go_together_once(machine):
    machine("10.0.0.7")
    wanted = ["203.0.113.5", "auto", "10.0.0.7"]
    assert advertised(wanted, ["0.0.0.0"]) == ("203.0.113.5", "10.0.0.7")


def test_a_machine_alone_advertises_itself(machine):
    machine("127.0.0.1")
    assert advertised(["auto"], ["0.0.0.0"]) == ("127.0.0.1",)
    assert advertised(["auto"], ["::"]) == ("127.0.0.1",)


def test_only_other_addresses_than_loopback_are_reachable():
    assert not is_reachable(["127.0.0.1", "::1"])
    assert is_reachable(["127.0.0.1", "10.0.0.7"])
    assert is_reachable(["0.0.0.0"])


def test_ipv6_may_be_missing(monkeypatch: pytest.MonkeyPatch):
    def no_socket(*_args):
        raise OSError("no IPv6")

    assert has_ipv6_loopback() in (True, False)
    monkeypatch.setattr(addresses.socket, "socket", no_socket)
    assert not has_ipv6_loopback()
