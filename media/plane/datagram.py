"""The packet plane on plain UDP sockets: one read loop, SRTP in place, batched sends.

Per packet in: a look at the clear header, at most one decryption. Per packet out: a header packed,
the payload copied, one encryption. No object and no task for either. Nothing raises out of here.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from media.clock import Clock
from media.errors import MediaError
from media.plane.datagram_batch import Batch, socket_name
from media.plane.datagram_forward import HEADER_BYTES, Fanout
from media.plane.datagram_intake import Intake
from media.plane.datagram_receive import CAPACITY, Inbox
from media.plane.datagram_srtp import Scratch
from media.plane.port import Address, Connection, PlaneEvents, Slot, SrtpKeys, Track

MAX_DATAGRAM = 1500  # Ethernet; nothing that a browser sends is larger
READS_PER_TURN = 8  # of 64 datagrams; then other callbacks of the loop get their turn
ANY_PORT_TRIES = 5  # the system's choice for one address may be taken on the next
BUFFER_BYTES = 4 << 20  # a second of 30 Mb/s while the loop is busy elsewhere


@dataclass(slots=True)
class Drops:
    """Datagrams dropped before they belonged to anybody."""

    size: int = 0
    unknown_address: int = 0
    unknown_kind: int = 0
    failures: int = 0


class DatagramPlane:
    """Sockets, routing by address, and the two halves of the way of a packet.

    Args:
        clock: For arrival times.
        events: Takes control datagrams, RTCP and gaps.
        on_error: Told of bugs: an exception that a datagram provoked.
        use_batches: False reads and sends packet by packet, as on systems without the calls.
    """

    def __init__(
        self,
        clock: Clock,
        events: PlaneEvents,
        on_error: Callable[[str, BaseException], None],
        *,
        use_batches: bool = True,
    ) -> None:
        self.drops = Drops()
        self._clock = clock
        self._events = events
        self._on_error = on_error
        self._use_batches = use_batches
        self._sockets: list[socket.socket] = []
        self._inboxes: list[Inbox] = []
        self._connections: dict[Hashable, Connection] = {}  # by the peer, as inboxes name it
        self._batch = Batch(use_sendmmsg=use_batches)
        self._scratch = Scratch()
        self._fanout = Fanout(self._batch, self._scratch)
        self._intake = Intake(self._scratch, self._fanout, events)

    @property
    def port(self) -> int:
        """The UDP port in use, 0 before `bind`."""
        return int(self._sockets[0].getsockname()[1]) if self._sockets else 0

    @property
    def families(self) -> tuple[int, ...]:
        """Address family of each socket."""
        return tuple(int(udp.family) for udp in self._sockets)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Address of each socket."""
        return tuple(str(udp.getsockname()[0]) for udp in self._sockets)

    @property
    def attached(self) -> int:
        """Connections that packets are routed to."""
        return len(self._connections)

    @property
    def sent(self) -> int:
        """Media packets handed to the kernel."""
        return self._batch.sent

    @property
    def refused(self) -> int:
        """Packets that the kernel did not take."""
        return self._batch.dropped

    def bind(self, addresses: Sequence[str], port: int) -> None:
        """Open one socket per address on one port and read from the running loop.

        Raises:
            MediaError: An address cannot be bound; nothing stays open.
        """
        loop = asyncio.get_running_loop()
        for attempt in range(1 if port else ANY_PORT_TRIES):
            try:
                self._open_sockets(addresses, port)
            except MediaError:
                if port or attempt == ANY_PORT_TRIES - 1:
                    raise
            else:
                break
        for index, udp in enumerate(self._sockets):
            self._batch.register(udp)
            self._inboxes.append(Inbox(udp, use_recvmmsg=self._use_batches))
            loop.add_reader(udp.fileno(), self.read, index)

    def close(self) -> None:
        """Close the sockets and forget every connection."""
        loop = asyncio.get_running_loop()
        for udp in self._sockets:
            loop.remove_reader(udp.fileno())
        self._close_sockets()
        self._inboxes.clear()
        self._connections.clear()

    def attach(self, connection: Connection, keys: SrtpKeys, address: Address, index: int) -> None:
        """Let packets flow between the connection and a validated address."""
        connection.keys = keys
        connection.rx = keys.receive
        connection.tx = keys.transmit
        self.move(connection, address, index)

    def move(self, connection: Connection, address: Address, index: int) -> None:
        """The peer's validated address changed; an earlier owner of it loses it."""
        self._batch.flush()  # what waits there points at the memory of the old address
        self._forget_address(connection)
        connection.address = address
        udp = self._sockets[index]
        connection.socket = index
        connection.fd = udp.fileno()
        connection.name, connection.name_place, connection.name_length = socket_name(
            udp.family, address
        )
        connection.peer = self._inboxes[index].peer(address)
        self._connections[connection.peer] = connection

    def detach(self, connection: Connection) -> None:
        """Stop; idempotent."""
        self._forget_address(connection)
        connection.address = None
        connection.rx = connection.tx = connection.keys = None

    def send(self, datagram: bytes, address: Address, index: int) -> None:
        """Send a control datagram; a full socket buffer drops it."""
        try:
            self._sockets[index].sendto(datagram, address)
        except (OSError, IndexError):
            self._batch.dropped += 1

    def send_rtcp(self, connection: Connection, compound: bytes) -> None:
        """Protect and send an RTCP compound."""
        if connection.tx is None or connection.address is None:
            return
        datagram = self._scratch.protect_rtcp(connection.tx, compound)
        if datagram is None:
            connection.counters.protect_failed += 1
            return
        self.send(datagram, connection.address, connection.socket)

    def resend(self, slot: Slot, packet: bytes) -> None:
        """Send a cached packet of the slot's track once more."""
        self._fanout.resend(slot, packet)
        self._batch.flush()

    def publish(self, track: Track, payload: bytes, timestamp: int, level: int) -> None:
        """Take a packet of a microphone that this process is itself."""
        self._intake.made(track, payload, timestamp, level, self._clock.monotonic_ns())
        self._batch.flush()

    def read(self, index: int) -> None:
        """Take what waits in a socket."""
        inbox = self._inboxes[index]
        try:
            for _ in range(READS_PER_TURN):
                count = inbox.receive()
                self._take_all(inbox, index, count)
                if count < CAPACITY:
                    break  # drained
        except OSError as error:
            self._failed(error)
        self._batch.flush()

    def _take_all(self, inbox: Inbox, index: int, count: int) -> None:
        now_ns = self._clock.monotonic_ns()  # nearer to when they came than a look for each
        find, take = self._connections.get, self._intake.rtp
        peers, sizes = inbox.peers(count), inbox.sizes(count)
        for at, (view, peer, size) in enumerate(zip(inbox.views, peers, sizes, strict=False)):
            try:
                if HEADER_BYTES <= size <= MAX_DATAGRAM and 127 < view[0] < 192:  # RFC 7983
                    connection = find(peer)
                    if connection is None:
                        self.drops.unknown_address += 1
                    elif 191 < view[1] < 224:
                        self._rtcp(connection, bytes(view[:size]), now_ns)
                    else:
                        take(connection, view[:size], size, now_ns)
                else:
                    self._other(inbox, at, size, index)
            except Exception as error:  # noqa: BLE001 - one strange datagram stops nobody
                self._failed(error)

    def _other(self, inbox: Inbox, at: int, size: int, index: int) -> None:
        """Take what is not RTP."""
        first = inbox.views[at][0]
        if size < HEADER_BYTES or size > MAX_DATAGRAM:
            self.drops.size += 1
        elif first < 4 or 19 < first < 64:
            self._events.control(bytes(inbox.views[at][:size]), inbox.address(at), index)
        else:
            self.drops.unknown_kind += 1

    def _failed(self, error: Exception) -> None:
        self.drops.failures += 1
        self._on_error("datagram", error)

    def _rtcp(self, connection: Connection, datagram: bytes, now_ns: int) -> None:
        compound = self._scratch.unprotect_rtcp(connection.rx, datagram)
        if compound is None:
            connection.counters.auth_failed += 1
            return
        connection.heard_ns = now_ns
        connection.counters.rtcp_received += 1
        self._events.rtcp(connection, compound, now_ns)

    def _open_sockets(self, addresses: Sequence[str], port: int) -> None:
        for host in addresses:
            try:
                self._sockets.append(_open_socket(host, self.port or port))
            except OSError as error:
                self._close_sockets()
                reason = "is taken" if error.errno == errno.EADDRINUSE else "cannot be bound"
                raise MediaError(f"UDP port {port} on {host} {reason}: {error}") from error

    def _forget_address(self, connection: Connection) -> None:
        if self._connections.get(connection.peer) is connection:
            del self._connections[connection.peer]

    def _close_sockets(self) -> None:
        for udp in self._sockets:
            udp.close()
        self._sockets.clear()


def _open_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.settimeout(0)
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with contextlib.suppress(OSError):  # macOS refuses more than it allows
                udp.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        udp.bind((host, port))
    except OSError:
        udp.close()
        raise
    return udp
