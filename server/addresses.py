"""This machine's addresses: which ones media is announced on, which UDP port is free."""

import errno
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import ifaddr

from server.errors import StartError

AUTO = "auto"
PORT_TRIES = 100


def advertised(wanted: Sequence[str], bound: Sequence[str]) -> tuple[str, ...]:
    """Addresses to put into candidates; `auto` becomes all those that are listened on."""
    result: list[str] = []
    for address in wanted:
        result += _listened_on(bound) if address == AUTO else [address]
    return tuple(dict.fromkeys(result))


def is_reachable(addresses: Sequence[str]) -> bool:
    """Whether any of the addresses can be reached from another machine."""
    return any(not _parse(address).is_loopback for address in addresses)


def free_udp_port(hosts: Sequence[str], first: int) -> int:
    """The first UDP port from `first` on that is free on all these addresses.

    Raises:
        StartError: None of the next hundred is.
    """
    for port in range(first, min(first + PORT_TRIES, 65536)):
        if udp_port_is_free(hosts, port):
            return port
    raise StartError(f"no UDP port from {first} on is free", "Set rtc.udp_port to another one.")


def udp_port_is_free(hosts: Sequence[str], port: int) -> bool:
    """Whether the port can be bound on all these addresses; absent addresses do not count."""
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
    return True


def has_ipv6_loopback() -> bool:
    """Whether `::1` can be listened on here."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _listened_on(bound: Sequence[str]) -> list[str]:
    result: list[str] = []
    for host in bound:
        address = _parse(host)
        if address.is_unspecified:
            result += [a for a in _own() if (":" in a) == (":" in host)]
        else:
            result.append(host)
    return result or ["127.0.0.1"]


def _own() -> list[str]:
    """Every address of this machine that others may reach, IPv4 first; loopback when alone."""
    found: list[str] = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            address = _parse(text)
            if not (address.is_loopback or address.is_link_local or address.is_unspecified):
                found.append(text)
    return sorted(found, key=lambda text: ":" in text) or ["127.0.0.1"]


def _parse(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text.partition("%")[0])
