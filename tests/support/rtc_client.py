"""Meeting clients for tests: one speaks the WebSocket protocol, one WHIP and WHEP.

async with MeetingClient.join(base_url, meeting_id, name="Ada", tone=440) as ada:
    await ada.hears(880)
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
from aiortc import MediaStreamTrack
from support.rtc_peer import Ear, Peer, PictureTrack, ToneTrack
from support.wait import until

__all__ = ["MeetingClient", "RefusedError", "WhipClient"]


class RefusedError(Exception):
    """The server refused the client with a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class MeetingClient:
    """One participant.

    Attributes:
        events: Every message from the server, oldest first.
        welcome: The welcome message.
        roster: Participants by id, oneself left out, kept up to date.
        slots: The last `slots` by mid.
        peer: The WebRTC half.
        close_code: Close code of the WebSocket once it is closed.
    """

    def __init__(self, base_url: str, hello: dict[str, Any], *, peer: Peer, connect: bool) -> None:
        self.events: list[dict[str, Any]] = []
        self.welcome: dict[str, Any] = {}
        self.roster: dict[str, dict[str, Any]] = {}
        self.slots: dict[str, dict[str, Any]] = {}
        self.peer = peer
        self.close_code: int | None = None
        self.me: dict[str, Any] = {}
        self._base_url = base_url
        self._hello = hello
        self._connect = connect
        self._offers = 0
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    def join(
        cls,
        base_url: str,
        meeting_id: str,
        *,
        name: str | None = "Ada",
        token: str | None = None,
        resume: str | None = None,
        tone: float | None = 440.0,
        microphone: MediaStreamTrack | None = None,
        camera: bool = False,
        audio_slots: int = 3,
        video_slots: int = 0,
        connect: bool = True,
    ) -> Self:
        """A client that joins when entered and leaves on exit.

        Args:
            tone: Frequency of its microphone, 0 for silence, None for no microphone.
            microphone: What its microphone hears instead.
            camera: Whether it sends video.
            connect: False stops after the welcome, without a peer connection.
        """
        hello: dict[str, Any] = {"protocol": 1, "meeting": meeting_id}
        hello |= {k: v for k, v in (("token", token), ("name", name), ("resume", resume)) if v}
        hello["client"] = {"name": "roomtone-tests", "version": "1"}
        peer = Peer(
            microphone=microphone or (None if tone is None else ToneTrack(tone)),
            camera=PictureTrack() if camera else None,
            audio_slots=audio_slots,
            video_slots=video_slots,
        )
        return cls(base_url, hello, peer=peer, connect=connect)

    async def __aenter__(self) -> Self:
        try:
            await self.open_socket()
            if self._connect:
                await self.negotiate()
                await self.peer.connected()
        except BaseException:
            await self._tear_down()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    @property
    def participant_id(self) -> str:
        return self.me["id"]

    @property
    def connection_id(self) -> str:
        return self.welcome["connection"]

    @property
    def resume_token(self) -> str:
        return self.welcome["resume"]

    async def open_socket(self, **hello: Any) -> None:
        """Open the WebSocket, say hello and wait for the welcome.

        Raises:
            RefusedError: The server answered with a fatal error.
        """
        self._http = aiohttp.ClientSession()
        url = self._base_url.rstrip("/") + "/v1/signaling"
        self._socket = await self._http.ws_connect(url, max_msg_size=1 << 20)
        self._reader = asyncio.create_task(self._read(self._socket))
        known = len(self.events)
        await self.send("hello", **self._hello | hello)
        await self.wait_for("welcome", after=known)

    async def negotiate(self, **members: Any) -> dict[str, Any]:
        """Offer once more and take the answer; returns the answer message."""
        sdp = await self.peer.offer()
        self._offers += 1
        known = len(self.events)
        await self.send("offer", id=self._offers, sdp=sdp, tracks=self.peer.tracks, **members)
        answer = await self.wait_for("answer", after=known, id=self._offers)
        await self.peer.accept(answer["sdp"])
        return answer

    async def send(self, kind: str, /, **members: Any) -> None:
        """Send one message."""
        assert self._socket is not None
        await self._socket.send_json({"type": kind, **members})

    async def send_text(self, text: str) -> None:
        """Send a frame as it is, well-formed or not."""
        assert self._socket is not None
        await self._socket.send_str(text)

    async def wait_for(
        self, kind: str, /, *, within: float = 10.0, after: int = 0, **members: Any
    ) -> dict[str, Any]:
        """The first message of a kind with these members, from number `after` on.

        Raises:
            RefusedError: A fatal error came instead, or a refusal of what was sent last.
            AssertionError: Nothing came in time.
        """

        def found() -> dict[str, Any] | None:
            for message in self.events[after:]:
                if message["type"] == kind and members.items() <= message.items():
                    return message
                if message["type"] == "error" and kind != "error":
                    raise RefusedError(message["code"], message["message"])
            if self.close_code is not None:
                raise RefusedError(str(self.close_code), "the server closed the socket")
            return None

        await until(found, within, lambda: f"no {kind} {members or ''}; have {self._kinds()}")
        message = found()
        assert message is not None
        return message

    async def wait(self, condition: Callable[[Self], object], within: float = 10.0) -> None:
        """Wait until a condition over this client is true."""
        await until(lambda: condition(self), within, lambda: f"roster is {self.roster}")

    async def hears(self, frequency: float, within: float = 10.0) -> Ear:
        """Wait until a slot carries a tone."""
        return await self.peer.hears(frequency, within)

    async def sees(self, frames: int = 3, within: float = 15.0) -> Ear:
        """Wait until a video slot carries pictures."""
        return await self.peer.sees(frames, within)

    async def leave(self) -> None:
        """Say goodbye and close everything; harmless when done already."""
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(ConnectionError):  # the server may be gone
                await self.send("bye")
        await self._tear_down()

    async def vanish(self) -> None:
        """Die like a killed browser: no goodbye, no close_notify; the kernel closes TCP."""
        self.peer.cut()
        if self._socket is not None:
            self._wire().abort()
        await self._tear_down()

    def cut_network(self) -> None:
        """Lose the network: no packet passes, the TCP socket hangs."""
        self.peer.cut()
        self._wire().pause_reading()

    def restore_network(self) -> None:
        """The network is back."""
        self.peer.restore()
        self._wire().resume_reading()

    def _wire(self) -> asyncio.Transport:
        assert self._socket is not None
        return self._socket._writer.transport

    def _kinds(self) -> list[str]:
        return [message["type"] for message in self.events]

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    message = json.loads(frame.data)
                    self._apply(message)
                    self.events.append(message)
        finally:
            self.close_code = socket.close_code or 1006

    def _apply(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "welcome":
                self.welcome = message
                self.me = message["you"]
                self.roster = {p["id"]: p for p in message["participants"]}
            case "roster":
                for participant in [*message["joined"], *message["changed"]]:
                    if participant["id"] == self.me["id"]:
                        self.me = participant
                    else:
                        self.roster[participant["id"]] = participant
                for gone in message["left"]:
                    self.roster.pop(gone["id"], None)
            case "slots" | "answer":
                self.slots = {slot["mid"]: slot for slot in message["slots"]}

    async def _tear_down(self) -> None:
        await self.peer.close()
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._http is not None:
            await self._http.close()


class WhipClient:
    """A publisher (WHIP, RFC 9725) or listener (WHEP) that knows nothing of our protocol.

    Attributes:
        location: Absolute URL of its resource.
        etag: Entity tag of the 201 answer.
        status: HTTP status of the offer's answer.
    """

    def __init__(self, url: str, headers: dict[str, str], peer: Peer) -> None:
        self.peer = peer
        self.location = ""
        self.etag: str | None = None
        self.status = 0
        self._url = url
        self._headers = headers
        self._http: aiohttp.ClientSession | None = None

    @classmethod
    def publish(
        cls,
        base_url: str,
        meeting_id: str,
        *,
        credential: str = "rt_dev",
        tone: float = 440.0,
        camera: bool = False,
        **query: str,
    ) -> Self:
        """A publisher; `query` may name `name` and `user_id` beside an API key."""
        peer = Peer(
            microphone=ToneTrack(tone), camera=PictureTrack() if camera else None, audio_slots=0
        )
        return cls._to(base_url, meeting_id, "whip", credential, query, peer)

    @classmethod
    def listen(
        cls,
        base_url: str,
        meeting_id: str,
        *,
        credential: str = "rt_dev",
        audio_slots: int = 1,
        video_slots: int = 0,
        **query: str,
    ) -> Self:
        """A listener; `query` may name `participant`."""
        peer = Peer(audio_slots=audio_slots, video_slots=video_slots)
        return cls._to(base_url, meeting_id, "whep", credential, query, peer)

    @classmethod
    def _to(
        cls,
        base_url: str,
        meeting_id: str,
        verb: str,
        credential: str,
        query: dict[str, str],
        peer: Peer,
    ) -> Self:
        url = aiohttp.client.URL(f"{base_url.rstrip('/')}/v1/meetings/{meeting_id}/{verb}")
        headers = {"Authorization": f"Bearer {credential}"}
        return cls(str(url.with_query(query)), headers, peer)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(headers=self._headers)
        try:
            await self._post()
        except BaseException:
            await self._tear_down()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def leave(self) -> None:
        """End by DELETE; harmless when done already."""
        if self.location and self._http is not None and not self._http.closed:
            async with self._http.delete(self.location):
                self.location = ""
        await self._tear_down()

    async def vanish(self) -> None:
        """Stop without DELETE and without close_notify."""
        self.peer.cut()
        self.location = ""
        await self._tear_down()

    async def _post(self) -> None:
        assert self._http is not None
        offer = await self.peer.offer()
        headers = {"Content-Type": "application/sdp"}
        async with self._http.post(self._url, data=offer, headers=headers) as response:
            self.status = response.status
            body = await response.text()
            if response.status != 201:
                raise RefusedError(str(response.status), body)
            self.location = urljoin(self._url, response.headers["Location"])
            self.etag = response.headers.get("ETag")
        await self.peer.accept(body)
        await self.peer.connected()

    async def _tear_down(self) -> None:
        await self.peer.close()
        if self._http is not None:
            await self._http.close()
