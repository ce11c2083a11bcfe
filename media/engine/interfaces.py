"""Which addresses the media port listens on, so that answers come from where they are expected.

A socket on 0.0.0.0 or :: leaves the source address to the routing table, which on a machine with
several addresses may pick another one than the peer has sent to, and ICE then drops the packet.
"""

import socket
from collections.abc import Sequence

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - looked for, not listened on


def family(host: str) -> int:
    """Address family of a numeric address."""
    return int(socket.AF_INET6 if ":" in host else socket.AF_INET)


def listening(bind: Sequence[str], advertise: Sequence[str]) -> tuple[str, ...]:
    """The addresses to bind: in place of a wildcard those that are advertised.

    A wildcard stays where an advertised address is not this machine's, as behind a NAT, or where
    none of its family is advertised.
    """
    result: list[str] = []
    for host in bind:
        own = [each for each in advertise if family(each) == family(host)]
        if host in WILDCARDS and own and all(is_local(each) for each in own):
            result.extend(own)
        else:
            result.append(host)
    return tuple(dict.fromkeys(result))


def is_local(host: str) -> bool:
    """Whether an address is one of this machine's."""
    with socket.socket(family(host), socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True
