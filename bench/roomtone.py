"""Roomtone under load: a server of its own, meetings, participants over its signaling."""

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp
from support.server_process import ServerProcess

from bench import offer
from bench.member import Layer, Member
from bench.transport import Transport

_AUDIO_SLOTS = 3
_CAMERA_TILE = {"source": "camera", "width": 640, "height": 360}


class Roomtone:
    """A running server; an asynchronous context manager.

    Args:
        address: Local address that media goes over.
        cpu: Core for the server, None for any.
        settings: More of the server's settings.
    """

    name = "roomtone"

    def __init__(
        self, address: str, cpu: int | None, settings: Mapping[str, object] | None = None
    ) -> None:
        self._address = address
        self._folder = tempfile.TemporaryDirectory(prefix="roomtone-bench-")
        known = {
            "rtc.bind": [address],
            "rtc.advertise": [address],
            "media.max_participants": 1000,
            "media.workers": 0,
        }
        settings = {**known, **(settings or {})}
        data = Path(self._folder.name) / "data"
        self._server = ServerProcess(data, cpu=cpu, settings=settings)
        self._stack = contextlib.AsyncExitStack()
        self._sockets: dict[int, tuple[aiohttp.ClientWebSocketResponse, asyncio.Task[None]]] = {}
        self._people: dict[int, tuple[str, str]] = {}  # member -> meeting, participant
        self._watchers: set[int] = set()

    async def __aenter__(self) -> "Roomtone":
        await self._stack.enter_async_context(self._server)
        headers = {"Authorization": "Bearer rt_dev"}
        session = aiohttp.ClientSession(
            self._server.base_url, headers=headers, connector=aiohttp.TCPConnector(limit=0)
        )
        self._http = await self._stack.enter_async_context(session)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        self._folder.cleanup()

    @property
    def http(self) -> aiohttp.ClientSession:
        """Asks it with the development key."""
        return self._http

    @property
    def url(self) -> str:
        """Its address, as its meetings' links have it."""
        return f"http://localhost:{self._server.port}"

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._server.pid

    async def open_meeting(self, *, record: bool) -> str:
        """Make a meeting; recording begins by `begin`, when somebody is there."""
        del record
        async with self._http.post("/v1/meetings", json={"title": "Bench"}) as response:
            response.raise_for_status()
            return (await response.json())["id"]

    async def begin(self, meeting: str, *, record: bool) -> None:
        """Everybody has joined."""
        if record:
            async with self._http.post(f"/v1/meetings/{meeting}/recordings") as response:
                response.raise_for_status()
        for number, (place, _) in self._people.items():
            if place == meeting and number in self._watchers:
                await self._look(number, meeting)

    async def token(self, meeting: str, number: int) -> str:
        """Leave to join; not a part of the join that is measured."""
        wish = {"name": f"Participant {number}"}
        async with self._http.post(f"/v1/meetings/{meeting}/tokens", json=wish) as response:
            response.raise_for_status()
            return (await response.json())["token"]

    async def join(
        self, meeting: str, number: int, *, video_slots: int = 0, layers: tuple[Layer, ...] = ()
    ) -> Member:
        """Hello, offer, connect."""
        token = await self.token(meeting, number)
        socket = await self._http.ws_connect("/v1/signaling")
        hello = {"type": "hello", "protocol": 1, "meeting": meeting, "token": token}
        await socket.send_json(hello | {"name": f"Participant {number}"})
        welcome = await _expect(socket, "welcome")
        transport = Transport(self._address)
        text, camera = offer.write(
            transport,
            0x1000_0000 + number * 16,
            audio_slots=_AUDIO_SLOTS,
            video_slots=video_slots,
            layers=layers,
        )
        member = Member(number, transport, layers, camera, watches=video_slots > 0)
        tracks = [{"mid": "0", "source": "microphone"}]
        tracks += [{"mid": camera, "source": "camera"}] if layers else []
        began = time.perf_counter()
        await socket.send_json({"type": "offer", "id": 1, "sdp": text, "tracks": tracks})
        answer = await _expect(socket, "answer")
        remote = offer.read(answer["sdp"], self._address)
        await asyncio.to_thread(transport.connect, remote)
        member.join_ms = (time.perf_counter() - began) * 1000
        self._sockets[number] = (socket, asyncio.create_task(_drain(socket)))
        self._people[number] = (meeting, welcome["you"]["id"])
        if video_slots:
            self._watchers.add(number)
        return member

    async def leave(self, member: Member) -> None:
        """Say goodbye."""
        socket, reader = self._sockets.pop(member.number)
        del self._people[member.number]
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        await socket.send_json({"type": "bye"})
        await socket.close()

    async def _look(self, number: int, meeting: str) -> None:
        others = [
            person
            for other, (place, person) in self._people.items()
            if place == meeting and other != number
        ]
        tiles = [{"participant": person, **_CAMERA_TILE} for person in others[:9]]
        await self._sockets[number][0].send_json({"type": "view", "tiles": tiles})


async def _expect(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict:
    async for frame in socket:
        message = json.loads(frame.data)
        if message["type"] == kind:
            return message
        if message["type"] == "error":
            raise ConnectionError(f"{message['code']}: {message['message']}")
    raise ConnectionError(f"the server closed the socket before {kind}")


async def _drain(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass
