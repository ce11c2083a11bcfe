"""What is measured: the scenarios, and one run of one of them against one server."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from bench.loop import MediaLoop
from bench.member import ONE_MEGABIT, SIMULCAST, Counts, Layer, Member
from bench.process import usage

SPEAKERS = 2  # of each audio meeting
_WARM_SECONDS = 3.0
_IDLE_SECONDS = 1.0
_JOINING_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load.

    Attributes:
        name: As printed.
        people: In each meeting.
        meetings: How many at once.
        silence: What those who do not speak send: `silent` (50 packets a second) or `dtx`.
        record: Whether every track is recorded.
        cameras: How many people of each meeting send video; with one, the others only watch.
    """

    name: str
    people: int
    meetings: int = 1
    silence: str = "silent"
    record: bool = True
    cameras: int = 0

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What a camera sends."""
        return SIMULCAST if self.cameras > 1 else (ONE_MEGABIT,)


def _audio() -> list[Scenario]:
    found = []
    for people in (10, 50, 100, 200):
        found.append(Scenario(f"audio {people}", people))
        found.append(Scenario(f"audio {people} dtx", people, silence="dtx"))
        found.append(Scenario(f"audio {people} unrecorded", people, record=False))
    return found


SCENARIOS = {
    each.name: each
    for each in (
        *_audio(),
        Scenario("40 x 5", 5, meetings=40),
        Scenario("40 x 5 dtx", 5, meetings=40, silence="dtx"),
        Scenario("40 x 5 unrecorded", 5, meetings=40, record=False),
        Scenario("video 1 to 50", 51, silence="dtx", cameras=1),
        Scenario("video 1 to 50 unrecorded", 51, silence="dtx", record=False, cameras=1),
        Scenario("video 9 to 9", 9, silence="dtx", cameras=9),
        Scenario("video 9 to 9 unrecorded", 9, silence="dtx", record=False, cameras=9),
    )
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run cost the server.

    Attributes:
        scenario: Its name.
        participants: In all meetings together.
        cpu_ms_per_participant_second: Server CPU, all threads, per participant and second.
        us_per_packet_sent: The same per RTP packet that reached somebody.
        cpu_percent: The same as a share of one core.
        latency_ms_p50: From sending to arrival of one packet in sixteen; 0 when it was mixed.
        latency_ms_p95: The same.
        latency_ms_p99: The same.
        memory_kb_per_participant: Growth over the warmed-up empty server.
        resident_mb: Memory of the server with everybody in.
        threads: Its threads.
        join_ms_p50: From sending the offer until media may flow.
        join_ms_max: The slowest.
        join_cpu_ms: Server CPU per join: token, signaling, handshake, the others' notices.
        packets_in_per_second: RTP into the server.
        packets_out_per_second: RTP out of it.
        delivered_percent: Share of the numbered packets that arrived.
        load_percent: CPU of the load's media loop as a share of one core.
        load_late_ms: The latest that the load sent anything; beyond some 100 it did not hold.
    """

    scenario: str
    participants: int
    cpu_ms_per_participant_second: float
    us_per_packet_sent: float
    cpu_percent: float
    latency_ms_p50: float
    latency_ms_p95: float
    latency_ms_p99: float
    memory_kb_per_participant: int
    resident_mb: float
    threads: int
    join_ms_p50: float
    join_ms_max: float
    join_cpu_ms: float
    packets_in_per_second: float
    packets_out_per_second: float
    delivered_percent: float
    load_percent: float
    load_late_ms: float

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class Server(Protocol):
    """What is measured."""

    @property
    def pid(self) -> int:
        """Its process."""

    async def open_meeting(self, *, record: bool) -> str:
        """Make a meeting."""

    async def join(
        self, meeting: str, number: int, *, video_slots: int = 0, layers: tuple[Layer, ...] = ()
    ) -> Member:
        """Let a participant join."""

    async def begin(self, meeting: str, *, record: bool) -> None:
        """Everybody has joined."""

    async def leave(self, member: Member) -> None:
        """Let a participant leave."""


async def measure(
    server: Server, scenario: Scenario, seconds: float, speech: Sequence[bytes]
) -> Figures:
    """Hold the scenario's meetings on a server that runs.

    Args:
        server: Freshly started.
        scenario: What to hold.
        seconds: How long to measure once everybody is in.
        speech: Encoded packets that the speakers repeat.
    """
    loop = MediaLoop(speech)
    loop.start()
    try:
        await _warm(server, loop)
        empty = usage(server.pid)
        members, places = await _gather(server, scenario, loop)
        joined = usage(server.pid)
        for place in places:
            await server.begin(place, record=scenario.record)
        _set_going(members, scenario)
        await asyncio.sleep(_WARM_SECONDS)
        for member in members:
            member.counts = Counts()
        loop.late_seconds = 0.0
        start, began, load = usage(server.pid), time.perf_counter(), loop.cpu_seconds
        await asyncio.sleep(seconds)
        end, elapsed = usage(server.pid), time.perf_counter() - began
        load, late = loop.cpu_seconds - load, loop.late_seconds
        counts = [member.counts for member in members]
    finally:
        loop.stop()
    for member in members:
        await server.leave(member)
        member.transport.close()
    cpu = (end.cpu_ns - start.cpu_ns) / 1e9 / elapsed
    received = sum(each.received for each in counts)
    lost = sum(each.lost for each in counts)
    if any(each.forged for each in counts):
        raise RuntimeError("packets arrived that are not authentic")
    latencies = sorted(each for count in counts for each in count.latencies_ms)
    joins = [member.join_ms for member in members]
    growth = (end.resident_bytes - empty.resident_bytes) / 1024
    return Figures(
        scenario=scenario.name,
        participants=len(members),
        cpu_ms_per_participant_second=round(cpu * 1000 / len(members), 3),
        us_per_packet_sent=round(cpu * 1e6 * elapsed / max(1, received), 2),
        cpu_percent=round(cpu * 100, 1),
        latency_ms_p50=_share(latencies, 0.5),
        latency_ms_p95=_share(latencies, 0.95),
        latency_ms_p99=_share(latencies, 0.99),
        memory_kb_per_participant=round(growth / len(members)),
        resident_mb=round(end.resident_bytes / 2**20, 1),
        threads=end.threads,
        join_ms_p50=round(statistics.median(joins), 1),
        join_ms_max=round(max(joins), 1),
        join_cpu_ms=round((joined.cpu_ns - empty.cpu_ns) / 1e6 / len(members), 1),
        packets_in_per_second=round(sum(each.sent for each in counts) / elapsed, 1),
        packets_out_per_second=round(received / elapsed, 1),
        delivered_percent=round(100 * received / max(1, received + lost), 2),
        load_percent=round(load / elapsed * 100, 1),
        load_late_ms=round(late * 1000, 1),
    )


async def _warm(server: Server, loop: MediaLoop) -> None:
    """Let two people talk for a moment: what is loaded on first use is loaded."""
    place = await server.open_meeting(record=False)
    for number in (8001, 8002):
        member = await server.join(place, number)
        loop.add(member)
        member.mode = "speak"
    await asyncio.sleep(_IDLE_SECONDS)
    for member in loop.clear():
        await server.leave(member)
        member.transport.close()
    await asyncio.sleep(_IDLE_SECONDS)


async def _gather(
    server: Server, scenario: Scenario, loop: MediaLoop
) -> tuple[list[Member], list[str]]:
    gate = asyncio.Semaphore(_JOINING_AT_ONCE)
    members: list[Member] = []

    async def one(place: str, number: int, at: int) -> None:
        slots = 9 if scenario.cameras > 1 else 1 if scenario.cameras and at else 0
        layers = scenario.layers if at < scenario.cameras else ()
        async with gate:
            member = await server.join(place, number, video_slots=slots, layers=layers)
        loop.add(member)
        members.append(member)

    places = []
    async with asyncio.TaskGroup() as group:
        for meeting in range(scenario.meetings):
            place = await server.open_meeting(record=scenario.record)
            places.append(place)
            for at in range(scenario.people):
                group.create_task(one(place, meeting * scenario.people + at, at))
    members.sort(key=lambda member: member.number)
    return members, places


def _set_going(members: Sequence[Member], scenario: Scenario) -> None:
    for member in members:
        at = member.number % scenario.people
        member.mode = "speak" if at < SPEAKERS else scenario.silence
        member.filming = bool(member.video)


def _share(values: Sequence[float], share: float) -> float:
    return round(values[int(len(values) * share)], 2) if values else 0.0
