"""Two hosts on one machine with a bad network between them: a seeded router in user space.

Each namespace has a TUN device; a process of its own carries the packets from one to the other
through a `support.netem.Link` for each direction. Only UDP is impaired, so that pages load and
signaling works. The router's own log is the truth that measurements are compared with. Needs
Linux, root and iproute2. Run as a program it is the router.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import struct
import subprocess
import sys
import time
from collections import Counter
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


class ImpairedCable:
    """A server's and a client's namespace and the router between them; a context manager.

    Attributes:
        server: Name of the server's namespace.
        client: Name of the client's namespace.
    """

    def __init__(self, seed: int = 1) -> None:
        self.server = f"rt-iserver-{os.getpid()}"
        self.client = f"rt-iclient-{os.getpid()}"
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
        assert self._ask({}) == {UP: {}, DOWN: {}}
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
        """Set members of the two links, such as `loss`; the log begins anew."""
        self._ask({UP: up or {}, DOWN: down or {}, "forget": True})

    def log(self) -> dict[str, dict[str, list[int]]]:
        """By direction and RTP payload type: packets seen, and those of them lost."""
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


class Way:
    """One direction of the router."""

    def __init__(self, seed: int) -> None:
        self.link: Link[bytes] = Link(seed)
        self.seen: Counter[int] = Counter()
        self.lost: Counter[int] = Counter()

    def take(self, packet: bytes, at: float) -> bytes | None:
        """A packet enters; given back when it is not to be impaired."""
        if packet[0] >> 4 != 4 or packet[9] != _UDP:
            return packet
        kind, before = payload_type(packet), self.link.lost
        self.link.send(packet, at)
        if kind is not None:
            self.seen[kind] += 1
            self.lost[kind] += self.link.lost - before
        return None

    def log(self) -> dict[str, list[int]]:
        return {str(kind): [count, self.lost[kind]] for kind, count in self.seen.items()}


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
            for packet in way.link.deliver(now):
                _write(other, packet)


def answer(question: dict[str, Any], ways: dict[str, Way]) -> None:
    """Do what is asked and print the log."""
    for name, way in ways.items():
        for member, value in question.get(name, {}).items():
            setattr(way.link, member, value)
        if question.get("forget"):
            way.seen.clear()
            way.lost.clear()
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
