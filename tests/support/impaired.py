"""Two hosts on one machine with a bad network between them: a seeded router in user space.

Each namespace has a TUN device; a process of its own carries the packets from one to the other
through a `support.netem.Link` for each direction. Only UDP is impaired, so that pages load and
signaling works. The router's own log is the truth that measurements are compared with. Needs
Linux, root and iproute2. Run as a program it is the router.
"""

import contextlib
import ctypes
import fcntl
import itertools
import json
import os
import select
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from support.netem import Link

SERVER_ADDRESS = "10.78.0.1"
CLIENT_ADDRESS = "10.78.0.2"
UP, DOWN = "up", "down"  # from the client, to the client
_DEVICE = "roomtun"
_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_UDP = 17
PACKET = 0.02  # seconds of sound in one
STRAGGLE = 0.01  # seconds: more than the senders' own whims
_COUNT = itertools.count()
_OWN = ("even_loss", "overtaking")  # settings of a `Way`; the others are those of its `Link`


class ImpairedCable:
    """A server's and a client's namespace and the router between them; a context manager.

    Attributes:
        server: Name of the server's namespace.
        client: Name of the client's namespace.
    """

    def __init__(self, seed: int = 1) -> None:
        own = f"{os.getpid()}-{next(_COUNT)}"  # two may live at once
        self.server = f"rt-iserver-{own}"
        self.client = f"rt-iclient-{own}"
        self._seed = seed
        self._router: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        for name in (self.server, self.client):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        self._router = subprocess.Popen(
            [sys.executable, "-m", "support.impaired", self.server, self.client, str(self._seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        assert set(self._ask({})) == {UP, DOWN}
        for name, address in ((self.server, SERVER_ADDRESS), (self.client, CLIENT_ADDRESS)):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", _DEVICE)
            _ip("-n", name, "link", "set", _DEVICE, "up")
        return self

    def __exit__(self, *_: object) -> None:
        if self._router is not None:
            self._router.communicate()  # its input ends, and so does it
        for name in (self.server, self.client):
            subprocess.run(["ip", "netns", "del", name], check=False)

    def impair(
        self, *, up: dict[str, float] | None = None, down: dict[str, float] | None = None
    ) -> None:
        """Set members of the two ways, or of their links; the log begins anew."""
        self._ask({UP: up or {}, DOWN: down or {}, "forget": True})

    def log(self) -> dict[str, Any]:
        """By direction: what `Way.log` tells."""
        return self._ask({})

    def program(self, namespace: str, program: str, folder: Path) -> Path:
        """A script that runs a program inside a namespace, for callers that want one path."""
        script = folder / f"{Path(program).name}-{namespace}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {namespace} {program} "$@"\n')
        script.chmod(0o755)
        return script

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._router is not None
        assert self._router.stdin is not None
        assert self._router.stdout is not None
        self._router.stdin.write(json.dumps(question) + "\n")
        self._router.stdin.flush()
        return json.loads(self._router.stdout.readline())


class Flow:
    """The truth about one RTP stream that the router carries."""

    def __init__(self, kind: int) -> None:
        self.kind = kind
        self.seen = self.lost = self.octets = 0
        self.peaks: list[float] = []  # highest jitter of each second, ms
        self.due = 0.0  # share of a packet that is due to be lost
        self._jitter = 0.0
        self._last: tuple[int, int, float] | None = None
        self._second = -1

    def forget(self) -> None:
        """The log begins anew; jitter goes on."""
        self.seen = self.lost = self.octets = 0
        self.peaks.clear()
        self._second = -1

    def arrived(self, sequence: int, timestamp: int, at: float) -> None:
        """Jitter as RFC 3550 section 6.4.1 has it, over packets in order, of a 48 kHz clock."""
        last = self._last
        if last is not None and (sequence - last[0]) & 0xFFFF >= 0x8000:
            return
        self._last = (sequence, timestamp, at)
        if last is None:
            return
        drift = abs((at - last[2]) * 1000 - ((timestamp - last[1]) & 0xFFFFFFFF) / 48)
        if drift < 1000:
            self._jitter += (drift - self._jitter) / 16
        if int(at) != self._second:
            self._second = int(at)
            self.peaks.append(0.0)
        self.peaks[-1] = max(self.peaks[-1], self._jitter)


class Way:
    """One direction of the router.

    Attributes:
        even_loss: Share of each stream's packets that is lost, at even distances: any second shows
            the same loss, and labels near an edge do not depend on chance.
        overtaking: Every so many packets of an RTP stream one skips the link's delay. The next one
            takes it, and all others come `STRAGGLE` after the next that skips it. With two more
            than the delay has packets of 20 ms each packet that advances the stream comes the
            whole delay earlier or later than the one before: interarrival jitter (RFC 3550) is the
            delay, and nothing is late enough to count as lost. A queue that keeps order cannot do
            that: with 20 ms packets its mean difference stays under 40 ms.
    """

    def __init__(self, seed: int) -> None:
        self.link: Link[tuple[bytes, float | None]] = Link(seed)
        self.even_loss = 0.0
        self.overtaking = 0
        self.flows: dict[int, Flow] = {}
        self.trips: list[float] = []  # seconds on the way of the last packets

    def take(self, packet: bytes, at: float) -> bytes | None:
        """A packet enters; given back when it passes at once."""
        if packet[0] >> 4 != 4 or packet[9] != _UDP:
            return packet
        kind = payload_type(packet)
        if kind is None:
            self.link.send((packet, at), at)
            return None
        flow, before = self._flow(packet, kind), self.link.lost
        flow.seen += 1
        flow.octets += len(packet) - (packet[0] & 0xF) * 4 - 8
        flow.due += self.even_loss
        if flow.due >= 1:
            flow.due -= 1
            flow.lost += 1
            return None
        place = flow.seen % self.overtaking if self.overtaking else 1
        if place == 0:
            self._arrives(packet, kind, at)
            return packet
        if self.overtaking:
            straggles = (self.overtaking - place) * PACKET + STRAGGLE
            delay = self.link.delay if place == 1 else straggles
            self.link.send((packet, None), at, delay=delay)
        else:
            self.link.send((packet, at), at)
        flow.lost += self.link.lost - before
        return None

    def deliver(self, at: float) -> list[bytes]:
        """Packets that arrive by now."""
        arrived = self.link.deliver(at)
        for packet, entered in arrived:
            if entered is not None:  # else it took a time of its own
                self.trips = [*self.trips[-499:], at - entered]
            kind = payload_type(packet)
            if kind is not None:
                self._arrives(packet, kind, at)
        return [packet for packet, _ in arrived]

    def _arrives(self, packet: bytes, kind: int, at: float) -> None:
        start = (packet[0] & 0xF) * 4 + 8
        sequence, timestamp = struct.unpack_from("!HL", packet, start + 2)
        self._flow(packet, kind).arrived(sequence, timestamp, at)

    def forget(self) -> None:
        """The log begins anew."""
        self.trips.clear()
        for flow in self.flows.values():
            flow.forget()

    def log(self) -> dict[str, Any]:
        """The stream with most packets of each payload type, and the mean time on the way.

        `octets` are those of its RTP packets, lost ones included; `octets_of_all` those of all
        streams of the type, such as a camera's layers.
        """
        busiest: dict[str, Any] = {}
        for flow in sorted(self.flows.values(), key=lambda flow: flow.seen):
            if flow.seen:
                busiest[str(flow.kind)] = {
                    "seen": flow.seen,
                    "lost": flow.lost,
                    "jitter_ms": flow.peaks,
                    "octets": flow.octets,
                    "octets_of_all": sum(
                        one.octets for one in self.flows.values() if one.kind == flow.kind
                    ),
                }
        trip = sum(self.trips) / len(self.trips) if self.trips else 0.0
        return {"trip_ms": trip * 1000, "streams": busiest}

    def _flow(self, packet: bytes, kind: int) -> Flow:
        (ssrc,) = struct.unpack_from("!L", packet, (packet[0] & 0xF) * 4 + 16)
        return self.flows.setdefault(ssrc, Flow(kind))


def payload_type(packet: bytes) -> int | None:
    """Of the RTP packet in an IPv4 UDP packet (RFC 7983, RFC 5761); None for anything else."""
    payload = packet[(packet[0] & 0xF) * 4 + 8 :]
    if len(payload) < 12 or not 128 <= payload[0] <= 191 or 192 <= payload[1] <= 223:
        return None
    return payload[1] & 0x7F


def route(server: int, client: int, seed: int) -> None:
    """Carry packets until the input ends."""
    ways = {UP: Way(seed), DOWN: Way(seed + 1)}
    ports = {client: (ways[UP], server), server: (ways[DOWN], client)}
    while True:
        now = time.monotonic()
        due = [way.link.next_at for way in ways.values() if way.link.next_at is not None]
        wait = max(0.0, min(due) - now) if due else 1.0
        ready, _, _ = select.select([*ports, sys.stdin], [], [], wait)
        now = time.monotonic()
        for port in ready:
            if port is sys.stdin:
                line = sys.stdin.readline()
                if not line:
                    return
                answer(json.loads(line), ways)
                continue
            way, other = ports[port]
            with contextlib.suppress(BlockingIOError):
                while True:
                    packet = way.take(os.read(port, 65536), now)
                    if packet is not None:
                        _write(other, packet)
        for way, other in ports.values():
            for packet in way.deliver(time.monotonic()):
                _write(other, packet)


def answer(question: dict[str, Any], ways: dict[str, Way]) -> None:
    """Do what is asked and print the log."""
    for name, way in ways.items():
        for member, value in question.get(name, {}).items():
            setattr(way if member in _OWN else way.link, member, value)
        if question.get("forget"):
            way.forget()
    sys.stdout.write(json.dumps({name: way.log() for name, way in ways.items()}) + "\n")
    sys.stdout.flush()


def _write(port: int, packet: bytes) -> None:
    with contextlib.suppress(OSError):  # a device that is down, or full, loses it
        os.write(port, packet)


def _open(namespace: str) -> int:
    """A TUN device inside a namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/var/run/netns/{namespace}").open() as inside:
        if libc.setns(inside.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


if __name__ == "__main__":
    route(_open(sys.argv[1]), _open(sys.argv[2]), int(sys.argv[3]))
