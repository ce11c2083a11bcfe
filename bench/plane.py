"""`python -m bench.plane`: what one packet costs the packet plane, without signaling around it.

A room of real sockets and real SRTP on loopback: datagrams are sent, then the plane reads them,
without turning the event loop, while the thread's processor time is taken. The best tenth of many
rounds counts, so that a busy machine disturbs little; what the kernel does is part of it.
"""

import argparse
import asyncio
import json
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.plane import Events, Person, Rig

from bench.speech import SILENCE, speech_packets
from media.clock import SystemClock
from media.plane.datagram import DatagramPlane
from media.plane.port import SrtpKeys
from media.recording.tap import QueuedTap

BURST = 8  # datagrams that wait when the plane is woken, as in a meeting of 50


class Taps:
    """Taps every track as a recording does."""

    def __init__(self) -> None:
        self.open: list[QueuedTap] = []

    def open_track(self, *_: object) -> QueuedTap:
        tap = QueuedTap(SystemClock(), paused=False)
        self.open.append(tap)
        return tap


class Meeting:
    """People who hear each other through a plane.

    Args:
        people: How many.
        record: Whether every track is tapped.
    """

    def __init__(self, people: int, *, record: bool) -> None:
        self._rig = Rig()
        self._plane = DatagramPlane(SystemClock(), Events(), _complain)
        self._plane.bind(["127.0.0.1"], 0)
        self._taps = Taps()
        self._step = 0
        if record:
            self._rig.room.add_tap(self._taps)
        self._people: list[tuple[Person, socket.socket]] = []
        for number in range(people):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind(("127.0.0.1", 0))
            udp.connect(("127.0.0.1", self._plane.port))
            udp.setblocking(False)
            person = self._rig.person(f"n{number}")
            person.track(ssrc=1000 + number)
            for _ in range(3):
                person.slot()
            person.join()
            keys = SrtpKeys(person.connection.rx, person.connection.tx, "test", person)
            self._plane.attach(person.connection, keys, udp.getsockname(), 0)
            self._people.append((person, udp))

    def run(self, speakers: int, silent: int, rounds: int, speech: Sequence[bytes]) -> list[float]:
        """CPU microseconds of each round, in which everybody asked for sends one packet."""
        found = []
        for step in range(self._step, self._step + rounds):
            datagrams = []
            for at, (person, udp) in enumerate(self._people[: speakers + silent]):
                loud = at < speakers
                packet = person.protect(
                    step,
                    timestamp=960 * step,
                    level=30 if loud else 127,
                    payload=speech[step % len(speech)] if loud else SILENCE,
                    ssrc=1000 + at,
                    mid="0",
                )
                datagrams.append((udp, packet))
            spent = 0
            for start in range(0, len(datagrams), BURST):
                for udp, packet in datagrams[start : start + BURST]:
                    udp.send(packet)
                began = time.thread_time_ns()
                self._plane.read(0)
                spent += time.thread_time_ns() - began
            found.append(spent / 1000)
            self._drain()
        self._step += rounds
        return found

    @property
    def sent(self) -> int:
        """Packets that went out."""
        return self._plane.sent

    def close(self) -> None:
        """Close every socket."""
        self._plane.close()
        for _, udp in self._people:
            udp.close()

    def _drain(self) -> None:
        for tap in self._taps.open:
            tap.drain()
        for _, udp in self._people:
            try:
                while True:
                    udp.recv(2048)
            except BlockingIOError:
                pass


async def measure(people: int, rounds: int, *, record: bool) -> dict[str, float]:
    """Microseconds of one packet of each sort, and of the whole meeting of two speakers."""
    speech = speech_packets()
    meeting = Meeting(people, record=record)
    try:
        _ = meeting.run(2, people - 2, 60, speech)  # places are given, gates shut
        spoken, before = meeting.run(2, 0, rounds, speech), meeting.sent
        silent = meeting.run(0, people, rounds, speech)[rounds // 2 :]
        assert before  # the meeting was heard
        whole = meeting.run(2, people - 2, rounds, speech)[rounds // 4 :]
    finally:
        meeting.close()
    best = {"spoken packet": spoken, "silent packet": silent, "meeting": whole}
    per = {"spoken packet": 2, "silent packet": people, "meeting": people / 50 * 1000}
    return {name: round(_low(each) / per[name], 2) for name, each in best.items()}


def _low(values: Sequence[float]) -> float:
    """The fastest tenth: what it costs when nobody disturbs."""
    return statistics.quantiles(values, n=10)[0]


def _complain(name: str, error: BaseException) -> None:
    print(name, error, file=sys.stderr)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.plane", description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=400)
    arguments = parser.parse_args()
    found = {
        name: asyncio.run(measure(arguments.people, arguments.rounds, record=record))
        for name, record in (("unrecorded", False), ("every track tapped", True))
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
