"""The only place that touches private names of aiortc and aioice.

Their versions are pinned in pyproject.toml and checked here, because these names may change in any
release. The contract tests in `tests/media/engine` say what is relied on.
"""

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import aioice
import aiortc
from aioice import stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, StunProtocol
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)
from aiortc.rtcicetransport import (
    RTCIceCandidate,
    RTCIceParameters,
    RTCIceTransport,
    candidate_from_aioice,
    candidate_to_aioice,
)
from OpenSSL import SSL
from typing_extensions import override

from media.plane.port import Address, SrtpKeys

_TESTED = ("1.16.0", "0.13.0")
if (aiortc.__version__, aioice.__version__) != _TESTED:
    raise ImportError(f"aiortc and aioice must be {_TESTED}: their private names are used")

MAX_PAIRS = 100  # RFC 8445 section 6.1.2.5
MAX_QUEUED = 64  # DTLS datagrams that wait for the handshake
MAX_OPEN_REQUESTS = 64  # STUN requests whose answers are still routed back
# Whatever a strange but authenticated STUN message makes aioice's parser or agent raise.
STUN_ERRORS = (ValueError, LookupError, AssertionError, AttributeError, TypeError, struct.error)


class Network(Protocol):
    """What an agent needs of the shared socket."""

    def send(self, datagram: bytes, address: Address, index: int) -> None:
        """Send through the socket with this index."""

    def expect(self, transaction: bytes, agent: "IceAgent") -> None:
        """Route the answer to a STUN request to the agent."""

    def forget(self, transaction: bytes) -> None:
        """No answer is expected any more."""

    def claim(self, address: Address, agent: "IceAgent", *, proven: bool) -> None:
        """An authenticated request came from the address; `proven`: it answered ours too."""

    def release(self, agent: "IceAgent") -> None:
        """The agent is gone."""


class IceAgent(aioice.Connection):
    """An ICE agent on a shared socket: no gathering, no STUN server, no time-outs of its own.

    Args:
        network: The shared socket.
        username: Our user name fragment, unique in the process.
        hosts: One advertised address per socket to pair with, None where the socket has none.
        candidates: Everything advertised.
    """

    def __init__(
        self,
        network: Network,
        username: str,
        hosts: Sequence[str | None],
        candidates: Sequence[Candidate],
    ) -> None:
        super().__init__(ice_controlling=False, local_username=username)
        self.on_path: Callable[[Address, int], None] | None = None
        self.on_heard: Callable[[], None] | None = None
        self.on_round_trip: Callable[[int], None] | None = None
        self.path: tuple[Address, int] | None = None
        self._network = network
        self._requests: dict[bytes, None] = {}
        self._probes: dict[bytes, int] = {}
        self._sockets: dict[int, StunProtocol] = {}
        for index, host in enumerate(hosts):
            if host is None:
                continue
            protocol = StunProtocol(self)
            protocol.connection_made(_SocketView(self, protocol, index))
            protocol.local_candidate = next(each for each in candidates if each.host == host)
            self._protocols.append(protocol)
            self._sockets[index] = protocol
        self._local_candidates = list(candidates)
        self._local_candidates_start = self._local_candidates_end = True

    @property
    def parameters(self) -> RTCIceParameters:
        """Our credentials."""
        return RTCIceParameters(usernameFragment=self.local_username, password=self.local_password)

    @property
    def advertised(self) -> list[RTCIceCandidate]:
        """Our candidates."""
        return [candidate_from_aioice(each) for each in self.local_candidates]

    @property
    def remote_type(self) -> str:
        """Candidate type of the nominated remote, for timelines."""
        pair = self._nominated.get(1)
        return "" if pair is None else str(pair.remote_candidate.type)

    def set_remote(self, username: str, password: str, *, lite: bool) -> None:
        """The peer's credentials."""
        self.remote_username = username
        self.remote_password = password
        self.remote_is_lite = lite

    async def add(self, candidate: RTCIceCandidate) -> None:
        """Add a remote candidate; ignored when there are too many."""
        if len(self._check_list) < MAX_PAIRS:
            await self.add_remote_candidate(candidate_to_aioice(candidate))

    def take(self, datagram: bytes, address: Address, index: int) -> None:
        """Take a STUN message.

        Raises:
            STUN_ERRORS: The message is authentic or at least well-formed, and still nonsense.
        """
        protocol = self._sockets.get(index)
        if protocol is not None:
            protocol.datagram_received(datagram, address)

    def answered(self, datagram: bytes, address: Address, index: int, now_ns: int) -> None:
        """Take the answer to one of our requests.

        Raises:
            STUN_ERRORS: As `take`.
        """
        transaction = datagram[8:20]
        sent_ns = self._probes.pop(transaction, None)
        if sent_ns is None:
            self.take(datagram, address, index)
            return
        message = stun.parse_message(datagram)
        key = (self.remote_password or "").encode()
        if message.message_class != stun.Class.RESPONSE or not message.check_message_integrity(key):
            return
        if self.on_heard is not None:
            self.on_heard()
        if self.on_round_trip is not None:
            self.on_round_trip(now_ns - sent_ns)

    def probe(self, now_ns: int) -> None:
        """Send one binding request on the nominated pair (RFC 7675 section 5.1)."""
        pair = self._nominated.get(1)
        if pair is None or self.remote_password is None:
            return
        request = self.build_request(pair, nominate=False)
        request.add_message_integrity(self.remote_password.encode())
        self._probes[request.transaction_id] = now_ns
        while len(self._probes) > MAX_OPEN_REQUESTS:
            del self._probes[next(iter(self._probes))]
        pair.protocol.send_stun(request, pair.remote_addr)

    def transmit(self, datagram: bytes, address: Address, index: int) -> None:
        """Send, noting requests so that their answers find back."""
        if datagram[:2] == b"\x00\x01":
            transaction = datagram[8:20]
            self._requests[transaction] = None
            self._network.expect(transaction, self)
            if len(self._requests) > MAX_OPEN_REQUESTS:
                oldest = next(iter(self._requests))
                del self._requests[oldest]
                self._network.forget(oldest)
        self._network.send(datagram, address, index)

    @override
    async def gather_candidates(self) -> None:
        """Nothing to gather: all is known from the start."""

    @override
    def check_complete(self, pair: CandidatePair) -> None:
        super().check_complete(pair)
        nominated = self._nominated.get(1)
        if nominated is None:
            return
        index = next((at for at, each in self._sockets.items() if each is nominated.protocol), 0)
        path = (nominated.remote_addr, index)
        if path != self.path:
            self.path = path
            self._network.claim(path[0], self, proven=True)
            if self.on_path is not None:
                self.on_path(*path)

    @override
    def check_incoming(
        self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol
    ) -> None:
        if self.on_heard is not None:
            self.on_heard()
        known = any(pair.remote_addr == addr for pair in self._check_list)
        if not known and len(self._check_list) >= MAX_PAIRS:
            return
        self._network.claim(addr, self, proven=False)
        super().check_incoming(message, addr, protocol)

    @override
    async def query_consent(self) -> None:
        """Consent is asked for by `probe`; whether silence ends a connection is decided above."""

    @override
    def data_received(self, data: bytes, component: int) -> None:
        if 19 < data[0] < 64 and self._queue.qsize() < MAX_QUEUED:
            super().data_received(data, component)

    @override
    async def close(self) -> None:
        await super().close()
        for transaction in self._requests:
            self._network.forget(transaction)
        self._requests.clear()
        self._network.release(self)
        self.on_path = self.on_heard = self.on_round_trip = None


class _SocketView(asyncio.DatagramTransport):
    """What aioice takes for its own socket."""

    def __init__(self, agent: IceAgent, protocol: StunProtocol, index: int) -> None:
        super().__init__()
        self._agent = agent
        self._protocol = protocol
        self._index = index

    @override
    def sendto(self, data: Any, addr: Any = None) -> None:
        self._agent.transmit(bytes(data), addr, self._index)

    @override
    def close(self) -> None:
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)


def host_candidate(host: str, port: int, preference: int) -> Candidate:
    """A host candidate for the answer (RFC 8445 section 5.1)."""
    return Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=1,
        transport="udp",
        priority=candidate_priority(1, "host", preference),
        host=host,
        port=port,
        type="host",
    )


class Certificate(RTCCertificate):
    """A certificate with one TLS context for all connections."""

    _context: SSL.Context | None = None

    @property
    def fingerprint(self) -> RTCDtlsFingerprint:
        """SHA-256, for the answer."""
        return next(each for each in self.getFingerprints() if each.algorithm == "sha-256")

    @override
    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
        return self._context


class _IceSide:
    """As much of an RTCIceTransport as RTCDtlsTransport uses."""

    role = "controlled"
    state = "completed"

    def __init__(self, agent: IceAgent) -> None:
        self._recv = agent.recv
        self._send = agent.send


class DtlsSession:
    """A passive DTLS association over an agent's path.

    Args:
        agent: Carries the datagrams.
        certificate: Ours.
        on_closed: The peer ended the association (close_notify) or it broke.
    """

    def __init__(
        self, agent: IceAgent, certificate: Certificate, on_closed: Callable[[], None]
    ) -> None:
        side = cast("RTCIceTransport", _IceSide(agent))
        self._transport = RTCDtlsTransport(side, [certificate])
        self._transport._set_role("server")
        self._on_closed = on_closed
        self._ending = False

    async def handshake(self, fingerprints: Sequence[RTCDtlsFingerprint]) -> SrtpKeys | None:
        """Shake hands; None when the peer's certificate or its abilities do not fit."""
        transport = self._transport
        await transport.start(RTCDtlsParameters(fingerprints=list(fingerprints), role="client"))
        if transport.state != "connected" or transport._task is None or transport._ssl is None:
            return None
        transport._task.add_done_callback(self._pump_ended)
        profile = transport._ssl.get_selected_srtp_profile().decode()
        receive, transmit = transport._rx_srtp, transport._tx_srtp
        return SrtpKeys(receive._srtp[0], transmit._srtp[0], profile, (receive, transmit))

    async def stop(self) -> None:
        """Say close_notify and end the pump."""
        self._ending = True
        pump = self._transport._task
        await self._transport.stop()
        if pump is not None:
            await asyncio.wait([pump])
        self._transport.remove_all_listeners()

    def _pump_ended(self, pump: "asyncio.Future[None]") -> None:
        if not pump.cancelled():
            pump.exception()  # retrieved: aiortc has logged it
        if not self._ending:
            self._ending = True
            self._on_closed()
