"""`python -m bench.convex`: queries per second, idle subscribers, and how soon a change arrives."""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.server_process import COMMAND, ServerProcess

from bench.process import usage

_RUN = "/api/run/meetings/webrtc/index/"
_QUERY = "meetings/webrtc/index:getActiveSessions"
_SETTINGS = {
    "rtc.connecting_seconds": 3600,  # nobody negotiates here: rows stay as they are
    "media.max_participants": 1000,
}


class _Load:
    def __init__(self, http: aiohttp.ClientSession, server: ServerProcess) -> None:
        self.http, self.server = http, server
        words = [str(COMMAND), "token", "user", "--sub", "ada", "--name", "Ada"]
        words += ["--data", str(server.data)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        self.headers = {"Authorization": f"Bearer {done.stdout.strip()}"}

    def meeting(self) -> str:
        _, made = self.server.request("POST", "/v1/meetings", {"title": "bench"})
        wish = {"name": "Ada", "user_id": "ada"}
        self.server.request("POST", f"/v1/meetings/{made['id']}/tokens", wish)
        return made["convex_id"]

    async def call(self, name: str, **arguments: object) -> Any:
        body = {"args": arguments}
        async with self.http.post(_RUN + name, json=body, headers=self.headers) as response:
            answer = json.loads(await response.read())
        assert answer["status"] == "success", answer
        return answer["value"]

    async def fill(self, meeting: str, count: int) -> None:
        for number in range(count):
            await self.call("createWebRTCSession", meetingId=meeting, sessionId=f"s{number}")

    async def queries(self, meeting: str, seconds: float, clients: int) -> dict[str, float]:
        body = json.dumps({"args": {"meetingId": meeting}}).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        took: list[float] = []
        end = time.monotonic() + seconds

        async def ask() -> None:
            while (begin := time.monotonic()) < end:
                async with self.http.post(
                    _RUN + "getActiveSessions", data=body, headers=headers
                ) as response:
                    await response.read()
                took.append(time.monotonic() - begin)

        before = usage(self.server.pid).cpu_ns
        await asyncio.gather(*(ask() for _ in range(clients)))
        cpu = usage(self.server.pid).cpu_ns - before
        return {
            "queries_per_second": round(len(took) / seconds, 1),
            "p50_ms": round(1000 * statistics.median(took), 2),
            "p95_ms": round(1000 * statistics.quantiles(took, n=20)[-1], 2),
            "cpu_ms_per_query": round(cpu / 1e6 / len(took), 3),
        }

    async def subscribers(self, meeting: str, count: int, seconds: float) -> dict[str, float]:
        pid = self.server.pid
        before = usage(pid)
        sockets = [await self._subscribe(meeting) for _ in range(count)]
        filled = usage(pid)
        await asyncio.sleep(seconds)
        idle = usage(pid)
        readers = [asyncio.get_running_loop().create_task(_next_row(one)) for one in sockets]
        begin, cpu = time.monotonic(), usage(pid).cpu_ns
        await self.call("createWebRTCSession", meetingId=meeting, sessionId="news")
        arrived = sorted([at - begin for at in await asyncio.gather(*readers)])
        pushed = usage(pid).cpu_ns - cpu
        idle_each = (idle.cpu_ns - filled.cpu_ns) / seconds / count  # ns a second
        for one in sockets:
            await one.close()
        return {
            "subscribers": count,
            "memory_mb": round((filled.resident_bytes - before.resident_bytes) / 1e6, 1),
            "idle_cpu_percent": round((idle.cpu_ns - filled.cpu_ns) / 1e7 / seconds, 2),
            "change_first_ms": round(1000 * arrived[0], 1),
            "change_p50_ms": round(1000 * statistics.median(arrived), 1),
            "change_last_ms": round(1000 * arrived[-1], 1),
            "cpu_ms_per_push": round(pushed / 1e6 / count, 3),
            # at one change a second, each told to everybody
            "subscribers_per_core": round(1e9 / (idle_each + pushed / count)),
        }

    async def _subscribe(self, meeting: str) -> aiohttp.ClientWebSocketResponse:
        socket = await self.http.ws_connect("/api/1.48.0/sync")
        token = self.headers["Authorization"].partition(" ")[2]
        add = {"type": "Add", "queryId": 0, "udfPath": _QUERY, "args": [{"meetingId": meeting}]}
        for frame in (
            {"type": "Connect", "sessionId": "bench", "clientTs": 0},
            {"type": "Authenticate", "baseVersion": 0, "tokenType": "User", "value": token},
            {
                "type": "ModifyQuerySet",
                "baseVersion": 0,
                "newVersion": 1,
                "modifications": [add],
            },
        ):
            await socket.send_json(frame)
        while True:
            message = json.loads((await socket.receive()).data)
            if message.get("modifications"):
                return socket


async def _next_row(socket: aiohttp.ClientWebSocketResponse) -> float:
    while True:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT and '"news"' in message.data:
            return time.monotonic()


async def measure(sizes: list[int], subscribers: int, seconds: float) -> dict[str, object]:
    """Everything, on a server of its own."""
    with tempfile.TemporaryDirectory() as data:
        server = ServerProcess(Path(data) / "data", settings=_SETTINGS)
        await asyncio.to_thread(server.start)
        try:
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(server.base_url, connector=connector) as http:
                load = _Load(http, server)
                queries = {}
                for size in sizes:
                    meeting = load.meeting()
                    await load.fill(meeting, size)
                    queries[size] = await load.queries(meeting, seconds, clients=8)
                live = await load.subscribers(load.meeting(), subscribers, seconds)
            return {"queries": queries, "subscribers": live}
        finally:
            await asyncio.to_thread(server.stop)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.convex", description=__doc__)
    parser.add_argument("--sizes", default="10,100,990", help="live sessions, by commas")
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0, help="measured time of each")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    found = asyncio.run(measure(sizes, arguments.subscribers, arguments.seconds))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
