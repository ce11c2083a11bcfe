"""`python -m bench.bots`: a hundred native bots sent at once, each to a meeting with one person.

Half of the people speak, the others send silence that is not DTX, which must not be decoded.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from datetime import datetime

import numpy as np

from bench.loop import MediaLoop
from bench.process import usage
from bench.roomtone import Roomtone
from bench.speech import speech_packets

_DONE = ("active", "recording", "completed", "failed")
_DEADLINE_SECONDS = 60.0


async def send(server: Roomtone, meeting: str, number: int) -> tuple[str, float]:
    """A bot and how long its answer took."""
    began = time.perf_counter()
    body = {"link": f"{server.url}/m/{meeting}", "name": f"Bot {number}"}
    async with server.http.post("/v1/bots", json=body) as response:
        response.raise_for_status()
        return (await response.json())["id"], time.perf_counter() - began


async def settled(server: Roomtone, wanted: int) -> list[dict]:
    """Every bot once all are in, or have ended."""
    async with asyncio.timeout(_DEADLINE_SECONDS):
        while True:
            async with server.http.get("/v1/bots", params={"limit": 200}) as response:
                bots = (await response.json())["items"]
            if len(bots) == wanted and all(one["status"] in _DONE for one in bots):
                return bots
            await asyncio.sleep(0.2)


async def seats(server: Roomtone, meetings: list[str]) -> int:
    """Bots in the rosters."""
    found = 0
    for meeting in meetings:
        async with server.http.get(f"/v1/meetings/{meeting}/session") as response:
            people = (await response.json())["participants"]
        found += sum(1 for one in people if one["kind"] == "bot")
    return found


async def metric(server: Roomtone, name: str) -> float:
    """One of the server's figures."""
    async with server.http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


async def measure(server: Roomtone, count: int, seconds: float) -> dict[str, float]:
    """Run and add up."""
    loop = MediaLoop(speech_packets())
    loop.start()
    try:
        meetings, members = [], []
        for number in range(count):
            meetings.append(await server.open_meeting(record=False))
            members.append(await server.join(meetings[-1], number))
            loop.add(members[-1])
        await asyncio.sleep(1.0)
        before = usage(server.pid)
        began = time.perf_counter()
        sent = await asyncio.gather(*(send(server, one, n) for n, one in enumerate(meetings)))
        answered = time.perf_counter() - began
        bots = await settled(server, count)
        joined = usage(server.pid)
        for number, member in enumerate(members):
            member.mode = "speak" if number % 2 else "silent"
        await asyncio.sleep(seconds)
        decoders = await metric(server, "roomtone_caption_decoders")
        in_rosters = await seats(server, meetings)
    finally:
        loop.stop()
    joins = [_join_seconds(one) * 1000 for one in bots if one["joined_at"]]
    return {
        "bots": count,
        "in": len(joins),
        "in_rosters": in_rosters,
        "join_ms_p50": round(float(np.percentile(joins, 50)), 1),
        "join_ms_p99": round(float(np.percentile(joins, 99)), 1),
        "join_ms_max": round(max(joins), 1),
        "answer_ms_p50": round(float(np.percentile([one[1] for one in sent], 50)) * 1000, 1),
        "all_answered_ms": round(answered * 1000, 1),
        "cpu_ms_per_bot": round((joined.cpu_ns - before.cpu_ns) / 1e6 / count, 1),
        "people_who_speak": count // 2,
        "decoders": decoders,
    }


def _join_seconds(bot: dict) -> float:
    began, joined = (datetime.fromisoformat(bot[name]) for name in ("created_at", "joined_at"))
    return (joined - began).total_seconds()


async def _run(arguments: argparse.Namespace) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[1]})
    settings = {"bots.max_active": arguments.bots, "transcription.engine": "null"}
    async with Roomtone("127.0.0.1", cores[0] if len(cores) > 1 else None, settings) as server:
        figures = await measure(server, arguments.bots, arguments.seconds)
        json.dump(figures, sys.stdout, indent=2)
        print(flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.bots", description=__doc__)
    _ = parser.add_argument("--bots", type=int, default=100)
    _ = parser.add_argument("--seconds", type=float, default=5)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
