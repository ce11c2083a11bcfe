"""This machine's addresses: which ones media is announced on, whether IPv6 is there."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import ifaddr

AUTO = "auto"


def advertised(wanted: Sequence[str], bound: Sequence[str]) -> tuple[str, ...]:
    """Addresses to put into candidates; `auto` becomes all those that are listened on."""
    result: list[str] = []
    for address in wanted:
        result += _listened_on(bound) if address == AUTO else [address]
    return tuple(dict.fromkeys(result))


def is_reachable(addresses: Sequence[str]) -> bool:
    """Whether any of the addresses can be reached from another machine."""
    return any(not _parse(address).is_loopback for address in addresses)


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
