"""Janus under the same load: its AudioBridge, which decodes and mixes."""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from support.server_process import free_port

from bench import offer
from bench.member import Member
from bench.transport import Transport

_PLUGINS = "/usr/lib/x86_64-linux-gnu/janus"
_ADMIN = "bench"
_KEEP_ALIVE = 20.0
_READY_SECONDS = 20.0


class Janus:
    """A running Janus with one event loop; an asynchronous context manager.

    Args:
        address: Address of an interface: Janus skips loopback.
        cpu: Core for the server, None for any.
    """

    name = "janus"

    def __init__(self, address: str, cpu: int | None) -> None:
        self._address = address
        self._cpu = cpu
        self._port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="janus-bench-")
        self._rooms = itertools.count(1)
        self._calls: dict[int, _Session] = {}

    async def __aenter__(self) -> "Janus":
        await asyncio.to_thread(self._start)
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        end = time.monotonic() + _READY_SECONDS
        while True:
            try:
                async with self._http.ws_connect(self._url, protocols=["janus-protocol"]):
                    return self
            except aiohttp.ClientError:
                if time.monotonic() > end or self._process.poll() is not None:
                    await self._http.close()
                    raise
                await asyncio.sleep(0.1)

    def _start(self) -> None:
        folder = Path(self._folder.name)
        self._configure(folder)
        words = [
            *(["taskset", "-c", str(self._cpu)] if self._cpu is not None else []),
            *("janus", "--debug-level", "3", "--disable-colors"),
            *("--configs-folder", str(folder), "--interface", self._address),
            *("--ice-enforce-list", self._address),
        ]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(words, stdout=self._log, stderr=subprocess.STDOUT)

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        self._process.terminate()
        self._process.wait(10)
        self._log.close()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    async def open_meeting(self, *, record: bool) -> str:
        """Make an audio room."""
        room = next(self._rooms)
        session = await _Session.open(self._http, self._url, "janus.plugin.audiobridge")
        wish = {"request": "create", "room": room, "sampling_rate": 48000, "mjrs": record}
        await session.ask(wish | {"mjrs_dir": self._folder.name, "permanent": False})
        self._calls[-room] = session
        return str(room)

    async def begin(self, meeting: str, *, record: bool) -> None:
        """Nothing is left to do: rooms record from the first packet."""

    async def join(self, meeting: str, number: int, **_: object) -> Member:
        """Join the room, offer, connect."""
        session = await _Session.open(self._http, self._url, "janus.plugin.audiobridge")
        self._calls[number] = session
        await session.command({"request": "join", "room": int(meeting), "display": str(number)})
        transport = Transport(self._address)
        ssrc = 0x1000_0000 + number * 16
        text, _camera = offer.write(transport, ssrc, audio_slots=0, direction="sendrecv")
        began = time.perf_counter()
        jsep = {"type": "offer", "sdp": text}
        event = await session.command({"request": "configure", "muted": False}, jsep)
        remote = offer.read(event["jsep"]["sdp"], self._address)
        await asyncio.to_thread(transport.connect, remote)
        member = Member(number, transport)
        member.stamped = False  # it decodes what we send
        member.join_ms = (time.perf_counter() - began) * 1000
        return member

    async def leave(self, member: Member) -> None:
        """Hang up."""
        await self._calls.pop(member.number).close()

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def _configure(self, folder: Path) -> None:
        plugins, transports = f"{_PLUGINS}/plugins", f"{_PLUGINS}/transports"
        unwanted = _all_but(plugins, "audiobridge")
        others = _all_but(transports, "websockets")
        (folder / "janus.jcfg").write_text(
            f'general: {{ configs_folder = "{folder}" plugins_folder = "{plugins}"\n'
            f'  transports_folder = "{transports}" debug_level = 3 }}\n'
            f'plugins: {{ disable = "{unwanted}" }}\n'
            f'transports: {{ disable = "{others}" }}\n'
            "nat: { }\nmedia: { }\n"
        )
        (folder / "janus.transport.websockets.jcfg").write_text(
            f'general: {{ ws = true ws_port = {self._port} ws_ip = "127.0.0.1" wss = false }}\n'
        )
        (folder / "janus.plugin.audiobridge.jcfg").write_text("general: { }\n")


def installed() -> bool:
    """Whether the program is there."""
    return shutil.which("janus") is not None and os.access(_PLUGINS, os.R_OK)


def _all_but(folder: str, wanted: str) -> str:
    return ",".join(each.name for each in Path(folder).glob("*.so") if wanted not in each.name)


class _Session:
    """One API session with one plugin handle, over a WebSocket of its own."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids: dict[str, int] = {}
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count()
        self._tasks = [asyncio.create_task(self._read())]

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, url: str, plugin: str) -> "_Session":
        """Create both."""
        session = cls(await http.ws_connect(url, protocols=["janus-protocol"]))
        made = await session._send({"janus": "create"}, "success")
        session._ids["session_id"] = made["data"]["id"]
        made = await session._send({"janus": "attach", "plugin": plugin}, "success")
        session._ids["handle_id"] = made["data"]["id"]
        session._tasks.append(asyncio.create_task(session._keep_alive()))
        return session

    async def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """A request that is answered at once."""
        return await self._send({"janus": "message", "body": body}, "success")

    async def command(
        self, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """A request that an event answers."""
        message: dict[str, Any] = {"janus": "message", "body": body}
        if jsep is not None:
            message["jsep"] = jsep
        return await self._send(message, "event")

    async def close(self) -> None:
        """End the session."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def _send(self, message: dict[str, Any], kind: str) -> dict[str, Any]:
        name = f"{kind}:{next(self._numbers)}"
        future = self._waiting[name] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(message | self._ids | {"transaction": name})
        async with asyncio.timeout(_READY_SECONDS):
            answer = await future
        failure = answer.get("error") or answer.get("plugindata", {}).get("data", {}).get("error")
        if failure:
            raise ConnectionError(f"Janus: {failure}")
        return answer

    async def _read(self) -> None:
        async for frame in self._socket:
            message = json.loads(frame.data)
            name = message.get("transaction", "")
            wanted = name.partition(":")[0]
            if name in self._waiting and message["janus"] in {wanted, "error"}:
                self._waiting.pop(name).set_result(message)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE)
            await self._socket.send_json(
                {"janus": "keepalive", "session_id": self._ids["session_id"], "transaction": "k"}
            )
