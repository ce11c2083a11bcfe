"""Many peers on one socket: STUN by user name or transaction, DTLS by validated address.

RFC 7983 tells STUN and DTLS apart. A binding request belongs to whom its USERNAME names, an answer
to whoever asked, and a DTLS record to the agent that owns its source address. Nothing else gets
past this point.
"""

import secrets
import string
from dataclasses import dataclass

from media.clock import Clock
from media.engine.internals import STUN_ERRORS, IceAgent
from media.plane.port import Address, Plane

_COOKIE = b"\x21\x12\xa4\x42"  # RFC 8489 section 5
_REQUEST = b"\x00\x01"
_ANSWERS = (b"\x01\x01", b"\x01\x11")
_USERNAME = 0x0006
_HEADER = 20
_ALPHABET = string.ascii_letters + string.digits
_FRAGMENT = 8  # characters: unique among the living, and 47 bits to guess


@dataclass(slots=True)
class ControlDrops:
    """Control datagrams that led nowhere."""

    malformed: int = 0
    unknown_username: int = 0
    unknown_transaction: int = 0
    unknown_address: int = 0


class Mux:
    """Finds the agent that a control datagram is for.

    Args:
        plane: Sends.
        clock: For round trips.
    """

    def __init__(self, plane: Plane, clock: Clock) -> None:
        self.drops = ControlDrops()
        self._plane = plane
        self._clock = clock
        self._by_username: dict[str, IceAgent] = {}
        self._by_address: dict[Address, IceAgent] = {}
        self._by_transaction: dict[bytes, IceAgent] = {}

    def __len__(self) -> int:
        return len(self._by_username) + len(self._by_address) + len(self._by_transaction)

    def new_username(self) -> str:
        """A user name fragment that nobody has."""
        while True:
            fragment = "".join(secrets.choice(_ALPHABET) for _ in range(_FRAGMENT))
            if fragment not in self._by_username:
                return fragment

    def register(self, agent: IceAgent) -> None:
        """Route requests with the agent's user name to it."""
        self._by_username[agent.local_username] = agent

    def control(self, datagram: bytes, address: Address, index: int) -> None:
        """Take a STUN or DTLS datagram of at least 12 bytes."""
        if datagram[0] >= 4:
            agent = self._by_address.get(address)
            if agent is None:
                self.drops.unknown_address += 1
            else:
                agent.data_received(datagram, 1)
            return
        if len(datagram) < _HEADER or datagram[4:8] != _COOKIE:
            self.drops.malformed += 1
            return
        try:
            self._stun(datagram, address, index)
        except STUN_ERRORS:
            self.drops.malformed += 1

    def _stun(self, datagram: bytes, address: Address, index: int) -> None:
        kind = datagram[:2]
        if kind == _REQUEST:
            agent = self._by_username.get(_local_fragment(datagram))
            if agent is None:
                self.drops.unknown_username += 1
            else:
                agent.take(datagram, address, index)
        elif kind in _ANSWERS:
            agent = self._by_transaction.get(datagram[8:20])
            if agent is None:
                self.drops.unknown_transaction += 1
            else:
                agent.answered(datagram, address, index, self._clock.monotonic_ns())

    # What agents need

    def send(self, datagram: bytes, address: Address, index: int) -> None:
        """Send through the socket with this index."""
        self._plane.send(datagram, address, index)

    def expect(self, transaction: bytes, agent: IceAgent) -> None:
        """Route the answer to a STUN request to the agent."""
        self._by_transaction[transaction] = agent

    def forget(self, transaction: bytes) -> None:
        """No answer is expected any more."""
        self._by_transaction.pop(transaction, None)

    def claim(self, address: Address, agent: IceAgent, *, proven: bool) -> None:
        """The agent's peer speaks from the address.

        A request alone does not take an address away from a peer that has proven it: source
        addresses can be forged, a round trip cannot. With a round trip the newest owner wins, for
        ports are used again.
        """
        owner = self._by_address.get(address)
        if owner is not None and owner is not agent and not proven:
            path = owner.path
            if path is not None and path[0] == address:
                return
        self._by_address[address] = agent

    def release(self, agent: IceAgent) -> None:
        """The agent is gone."""
        self._by_username.pop(agent.local_username, None)
        for address in [key for key, owner in self._by_address.items() if owner is agent]:
            del self._by_address[address]


def _local_fragment(datagram: bytes) -> str:
    """The part of USERNAME before the colon, which is ours (RFC 8445 section 7.2.2)."""
    at, size = _HEADER, len(datagram)
    while at + 4 <= size:
        kind = datagram[at] << 8 | datagram[at + 1]
        length = datagram[at + 2] << 8 | datagram[at + 3]
        if kind == _USERNAME:
            name = datagram[at + 4 : at + 4 + length].partition(b":")[0]
            return name.decode("ascii", "replace")
        at += 4 + (length + 3 & ~3)
    return ""
