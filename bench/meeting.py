"""One measured meeting: some speak, the rest are silent with DTX, nobody decodes."""

import asyncio
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
from support.server_process import ServerProcess

from bench.participant import Participant
from bench.process import usage
from bench.speech import SILENCE

SPEAKERS = 2
_TICK_SECONDS = 0.02
_DTX_TICKS = 20  # one packet in 400 ms
_REPORT_TICKS = 250  # audio receivers report about every 5 s
_WARM_SECONDS = 2.0
_IDLE_SECONDS = 2.0
_JOINING_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What one meeting cost the server.

    Attributes:
        participants: How many were in the meeting.
        speakers: How many of them spoke.
        cpu_ms_per_participant_second: Server CPU, all threads, per participant and second.
        cpu_percent: The same as a share of one core.
        idle_cpu_percent: Server CPU before anybody joined.
        resident_mb: Memory of the server with everybody in.
        memory_kb_per_participant: Growth over the warmed-up empty server, per participant.
        threads: Threads of the server with everybody in.
        join_ms_p50: Median from sending the offer until media may flow.
        join_ms_max: The slowest of them.
        join_cpu_ms: Server CPU per join, signaling included.
        packets_in_per_second: RTP into the server.
        packets_out_per_second: RTP out of it.
        delivered_percent: Spoken packets that reached everybody who should have heard them.
    """

    participants: int
    speakers: int
    cpu_ms_per_participant_second: float
    cpu_percent: float
    idle_cpu_percent: float
    resident_mb: float
    memory_kb_per_participant: float
    threads: int
    join_ms_p50: float
    join_ms_max: float
    join_cpu_ms: float
    packets_in_per_second: float
    packets_out_per_second: float
    delivered_percent: float

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return asdict(self)


class Crowd:
    """The participants of one meeting and the one ticker that makes all of them send."""

    def __init__(self, speech: list[bytes]) -> None:
        self.members: list[Participant] = []
        self._speech = speech
        self._ticks = 0

    async def join(self, http: aiohttp.ClientSession, base_url: str, count: int) -> None:
        """Let `count` participants join one new meeting, two at a time."""
        async with http.post("/v1/meetings", json={"title": "Bench"}) as response:
            response.raise_for_status()
            meeting = (await response.json())["id"]
        gate = asyncio.Semaphore(_JOINING_AT_ONCE)

        async def one(member: Participant, name: str) -> None:
            async with gate:
                wish = {"name": name}
                path = f"/v1/meetings/{meeting}/tokens"
                async with http.post(path, json=wish) as response:
                    response.raise_for_status()
                    token = (await response.json())["token"]
                hello = {"meeting": meeting, "token": token, **wish}
                await member.join(http, f"{base_url}/v1/signaling", hello)

        self.members = [Participant(number) for number in range(count)]
        async with asyncio.TaskGroup() as group:
            for number, member in enumerate(self.members):
                group.create_task(one(member, f"Participant {number + 1}"))

    async def talk(self, seconds: float) -> None:
        """Send for a while: the first two speak, the others are silent."""
        start = time.perf_counter()
        for tick in range(round(seconds / _TICK_SECONDS)):
            await self._tick()
            self._ticks += 1
            await asyncio.sleep(max(0.0, start + (tick + 1) * _TICK_SECONDS - time.perf_counter()))

    async def leave(self) -> None:
        """Let everybody leave."""
        for member in self.members:
            await member.leave()

    @property
    def sent(self) -> int:
        """RTP packets sent by all."""
        return sum(member.sent for member in self.members)

    @property
    def spoken(self) -> int:
        """RTP packets sent by the speakers."""
        return sum(member.sent for member in self.members[:SPEAKERS])

    @property
    def heard(self) -> int:
        """Packets with speech received by all."""
        return sum(member.heard for member in self.members)

    @property
    def received(self) -> int:
        """RTP packets received by all."""
        return sum(member.received for member in self.members)

    async def _tick(self) -> None:
        for number, member in enumerate(self.members):
            if number < SPEAKERS:
                await member.speak(self._speech[(self._ticks + 31 * number) % len(self._speech)])
            elif (self._ticks + number) % _DTX_TICKS == 0:
                await member.be_silent(SILENCE, _DTX_TICKS * 20)
            if (self._ticks + 7 * number) % _REPORT_TICKS == 0:
                await member.report()


async def measure(count: int, seconds: float, speech: list[bytes], cpu: int | None) -> Figures:
    """Start a server, hold one meeting in it, and stop it again.

    Args:
        count: Participants.
        seconds: How long to measure once everybody is in.
        speech: Encoded packets that the speakers repeat.
        cpu: Core for the server, None for any.
    """
    with tempfile.TemporaryDirectory(prefix="roomtone-bench-") as directory:
        server = ServerProcess(Path(directory) / "data", cpu=cpu)
        async with server:
            headers = {"Authorization": "Bearer rt_dev"}
            async with aiohttp.ClientSession(server.base_url, headers=headers) as http:
                return await _measure_in(server, http, count, seconds, speech)


async def _measure_in(
    server: ServerProcess,
    http: aiohttp.ClientSession,
    count: int,
    seconds: float,
    speech: list[bytes],
) -> Figures:
    first = Crowd(speech)  # loads what is loaded on first use
    await first.join(http, server.base_url, 2)
    await first.talk(1.0)
    await first.leave()
    empty = usage(server.pid)
    await asyncio.sleep(_IDLE_SECONDS)
    before = usage(server.pid)
    idle = (before.cpu_ns - empty.cpu_ns) / 1e9 / _IDLE_SECONDS

    crowd = Crowd(speech)
    await crowd.join(http, server.base_url, count)
    joined = usage(server.pid)
    await crowd.talk(_WARM_SECONDS)
    sent, spoken = crowd.sent, crowd.spoken
    received, heard = crowd.received, crowd.heard
    start, began = usage(server.pid), time.perf_counter()
    await crowd.talk(seconds)
    end, elapsed = usage(server.pid), time.perf_counter() - began
    await asyncio.sleep(0.1)  # what is under way
    arrived, reached, said = crowd.received - received, crowd.heard - heard, crowd.spoken - spoken
    cpu_share = (end.cpu_ns - start.cpu_ns) / 1e9 / elapsed
    joins = [member.join_ms for member in crowd.members]
    figures = Figures(
        participants=count,
        speakers=min(SPEAKERS, count),
        cpu_ms_per_participant_second=round(cpu_share * 1000 / count, 3),
        cpu_percent=round(cpu_share * 100, 2),
        idle_cpu_percent=round(idle * 100, 2),
        resident_mb=round(end.resident_bytes / 2**20, 1),
        memory_kb_per_participant=round((end.resident_bytes - empty.resident_bytes) / 1024 / count),
        threads=end.threads,
        join_ms_p50=round(statistics.median(joins), 1),
        join_ms_max=round(max(joins), 1),
        join_cpu_ms=round((joined.cpu_ns - before.cpu_ns) / 1e6 / count, 1),
        packets_in_per_second=round((crowd.sent - sent) / elapsed, 1),
        packets_out_per_second=round(arrived / elapsed, 1),
        delivered_percent=round(100 * reached / (said * (count - 1)), 2),
    )
    await crowd.leave()
    return figures
