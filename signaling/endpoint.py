"""The WebSocket endpoint: one socket of one client, from its hello to its close."""

import asyncio
import contextlib
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web
from typing_extensions import override

from media.clock import Clock
from signaling.codes import CLOSE_CODES, NORMAL
from signaling.connection import LiveConnection
from signaling.doors import Visit
from signaling.errors import Refused
from signaling.hub import LiveSessions
from signaling.messages import MAX_MESSAGE_BYTES, Bye, Hello, MessageError, Ping, parse
from signaling.outbox import Outbox
from signaling.ports import JoinRequest
from signaling.problem import problem
from signaling.replies import ErrorMessage, Pong, Reply
from signaling.settings import SignalingSettings

# A socket is lost when so many pings in a row brought nothing back.
MISSED_HEARTBEATS: Final = 3
# How long a closing client may take to read what is queued and to close from its side.
CLOSE_SECONDS: Final = 2.0
# A refusal of the gate whose code says nothing about closing.
REFUSED: Final = 4400


class SignalingEndpoint:
    """`GET /v1/signaling`.

    Args:
        live: Where clients are admitted.
        settings: Limits and origins.
        clock: What time it is, for the rate limit.
    """

    def __init__(self, live: LiveSessions, settings: SignalingSettings, clock: Clock) -> None:
        self._live = live
        self._settings = settings
        self._clock = clock

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it is closed."""
        if not origin_allowed(request, self._settings.allowed_origins):
            detail = "pages of this origin may not connect"
            return problem(HTTPStatus.FORBIDDEN, "origin_not_allowed", detail)
        if "upgrade" not in request.headers.get("Connection", "").lower():
            detail = "this address speaks WebSocket"
            headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
            return problem(HTTPStatus.UPGRADE_REQUIRED, "websocket_expected", detail, headers)
        ws = web.WebSocketResponse(
            autoping=False, max_msg_size=MAX_MESSAGE_BYTES, timeout=CLOSE_SECONDS
        )
        await ws.prepare(request)
        await _Socket(ws, request, self._live, self._settings, self._clock).run()
        return ws


def origin_allowed(request: web.Request, allowed: tuple[str, ...]) -> bool:
    """Whether a page of this origin may connect: the server's own, or one in the settings.

    Browsers always send Origin (RFC 6455 section 4.1); what sends none is not a page.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    if origin.lower().rstrip("/") in {one.lower().rstrip("/") for one in allowed}:
        return True
    return urlsplit(origin).netloc.lower() == request.host.lower()


class Bucket:
    """A rate limit: so many a second, twice as many in a burst.

    Args:
        rate: Per second.
        clock: What time it is.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = rate * 2
        self._at = clock.monotonic()

    def take(self) -> bool:
        """Take one; False when there is none."""
        now = self._clock.monotonic()
        self._tokens = min(self._rate * 2, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class _SocketOutbox(Outbox):
    """Text frames, pongs and at last a close for one socket, bounded.

    A full queue means a reader that is too slow: what waits is dropped and the socket is closed.
    """

    def __init__(self, limit: int) -> None:
        self.queue: asyncio.Queue[str | bytes | int] = asyncio.Queue(limit)
        self.overflowed = asyncio.Event()
        self._closed = False

    @override
    def send(self, message: Reply) -> None:
        self._put(message.text)

    def pong(self, data: bytes) -> None:
        """Answer a ping frame."""
        self._put(data)

    @override
    def close(self, code: int, reason: str) -> None:
        self._put(code)
        self._closed = True

    def _put(self, item: str | bytes | int) -> None:
        if self._closed:
            return
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            self._closed = True
            self.overflowed.set()


class _Ending(Enum):
    CLOSED = auto()
    LOST = auto()


class _Socket:
    """One WebSocket at work: a reader, a writer, a pinger and a guard against slow readers."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        request: web.Request,
        live: LiveSessions,
        settings: SignalingSettings,
        clock: Clock,
    ) -> None:
        self._ws = ws
        self._request = request
        self._live = live
        self._settings = settings
        self._outbox = _SocketOutbox(settings.outbox_messages)
        self._bucket = Bucket(settings.max_messages_per_second, clock)

    async def run(self) -> None:
        """Serve the socket to its end; no task of it is left."""
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(), name="socket writer")
            pinger = group.create_task(self._ping(), name="socket pinger")
            guard = group.create_task(self._guard(writer), name="socket guard")
            try:
                ending = await self._serve()
                if self._outbox.overflowed.is_set():
                    await asyncio.wait({guard})
                elif ending is _Ending.LOST:
                    self._abort()
                else:
                    self._outbox.close(NORMAL, "")
                    await asyncio.wait({writer}, timeout=CLOSE_SECONDS * 2)
            finally:
                for task in (writer, pinger, guard):
                    task.cancel()

    async def _serve(self) -> _Ending:
        hello = await self._hello()
        live = None if hello is None else await self._join(hello)
        if live is None:
            return _Ending.CLOSED
        ending: _Ending | None = None
        try:
            ending = await self._messages(live)
        finally:
            # cancelled: by a server that cancels the handlers of cut connections, or by its stop
            if ending is _Ending.CLOSED or (ending is None and self._cut()):
                live.signaling_closed(self._outbox)
            else:
                live.signaling_lost(self._outbox)
        return ending

    def _cut(self) -> bool:
        """The TCP connection was closed or reset."""
        transport = self._request.transport
        return transport is None or transport.is_closing()

    async def _hello(self) -> Hello | None:
        try:
            async with asyncio.timeout(self._settings.hello_seconds):
                text = await self._text()
        except TimeoutError:
            self._fatal("hello_timeout", "no hello came in time")
            return None
        if text is None:
            return None
        try:
            message = parse(text)
        except MessageError as error:
            known = error.code in CLOSE_CODES
            self._fatal(error.code if known else "bad_message", error.message, error.in_reply_to)
            return None
        if not isinstance(message, Hello):
            self._fatal("hello_expected", "the first message must be hello", message.type)
            return None
        return message

    async def _join(self, hello: Hello) -> LiveConnection | None:
        request = JoinRequest(
            meeting=hello.meeting,
            token=hello.token,
            name=hello.name,
            resume=hello.resume,
            address=self._request.remote,
        )
        try:
            return await self._live.join(
                request,
                protocol="websocket",
                outbox=self._outbox,
                transport=hello.transport,
                connection=hello.connection,
                client=None if hello.client is None else hello.client.label or None,
                mix=hello.audio == "mix",
                attend=self._attend,
            )
        except Refused as refusal:
            self._fatal(refusal.code, refusal.message, "hello")
            return None

    async def _attend(self, visit: Visit) -> None:
        """Wait at the door while the client may ping, say goodbye or vanish."""
        async with asyncio.TaskGroup() as group:
            # Reading may be broken off at any time: what has come stays in aiohttp's queue.
            listening = group.create_task(self._idle(visit), name="socket at the door")
            try:
                await visit.decided()
            finally:
                listening.cancel()

    async def _idle(self, visit: Visit) -> None:
        """Read until the client goes; there is nothing to do for it yet."""
        with contextlib.suppress(TimeoutError):
            while (text := await self._next()) is not None and self._idles(text):
                pass
        visit.withdraw()

    def _idles(self, text: str) -> bool:
        """Answer what somebody at the door said; False when they leave."""
        try:
            message = parse(text)
        except MessageError as error:
            if error.code in CLOSE_CODES:
                self._fatal(error.code, error.message, error.in_reply_to)
                return False
            self._refuse(error.code, error.message, error.in_reply_to, error.number)
            return True
        if isinstance(message, Bye):
            return False
        if isinstance(message, Ping):
            self._outbox.send(Pong(id=message.id))
        else:
            self._refuse("invalid_state", "wait until you are let in", message.type)
        return True

    async def _messages(self, live: LiveConnection) -> _Ending:
        while True:
            try:
                text = await self._next()
            except TimeoutError:
                return _Ending.LOST
            if text is None:
                return _Ending.LOST if self._outbox.overflowed.is_set() else _Ending.CLOSED
            try:
                message = parse(text)
            except MessageError as error:
                if error.code in CLOSE_CODES:
                    self._fatal(error.code, error.message, error.in_reply_to)
                    return _Ending.CLOSED
                live.refuse(error.code, error.message, error.in_reply_to, error.number)
                continue
            self._live.receive(live, message)

    async def _next(self) -> str | None:
        """The next text frame of a client in good health; None as in `_text`.

        Raises:
            TimeoutError: Nothing came for some heartbeats.
        """
        patience = self._settings.heartbeat_seconds * MISSED_HEARTBEATS
        async with asyncio.timeout(patience) as deadline:
            return await self._text(deadline, patience)

    async def _text(
        self, deadline: asyncio.Timeout | None = None, patience: float = 0.0
    ) -> str | None:
        """The next text frame; None when the socket is closed, or had to be.

        Pings are answered on the way; whatever comes moves the deadline.
        """
        loop = asyncio.get_running_loop()
        while True:
            frame = await self._ws.receive()
            if deadline is not None:
                deadline.reschedule(loop.time() + patience)
            if frame.type is WSMsgType.PONG:
                continue
            if frame.type in (
                WSMsgType.CLOSE,
                WSMsgType.CLOSING,
                WSMsgType.CLOSED,
                WSMsgType.ERROR,
            ):
                return None
            if not self._bucket.take():
                self._fatal("too_fast", "too many messages a second")
                return None
            if frame.type is WSMsgType.TEXT:
                return str(frame.data)
            if frame.type is not WSMsgType.PING:
                self._fatal("bad_message", "only text frames are understood")
                return None
            self._outbox.pong(bytes(frame.data))

    def _refuse(
        self, code: str, message: str, in_reply_to: str | None, number: int | None = None
    ) -> None:
        self._outbox.send(
            ErrorMessage(
                code=code, message=message, fatal=False, in_reply_to=in_reply_to, id=number
            )
        )

    def _fatal(self, code: str, message: str, in_reply_to: str | None = None) -> None:
        error = ErrorMessage(code=code, message=message, fatal=True, in_reply_to=in_reply_to)
        self._outbox.send(error)
        self._outbox.close(CLOSE_CODES.get(code, REFUSED), code)

    async def _write(self) -> None:
        try:
            while True:
                item = await self._outbox.queue.get()
                if isinstance(item, str):
                    await self._ws.send_str(item)
                elif isinstance(item, bytes):
                    await self._ws.pong(item)
                else:
                    await self._ws.close(code=item)
                    return
        except ConnectionError:
            return  # the reader sees the end of the socket too, and tells

    async def _ping(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._settings.heartbeat_seconds)
                await self._ws.ping()
        except ConnectionError:
            return

    async def _guard(self, writer: asyncio.Task[None]) -> None:
        await self._outbox.overflowed.wait()
        writer.cancel()
        await self._ws.close(code=CLOSE_CODES["too_slow"], message=b"too_slow", drain=False)
        await asyncio.sleep(CLOSE_SECONDS)  # for what the client may still read
        self._abort()

    def _abort(self) -> None:
        """Drop the TCP connection: its buffer may never empty."""
        if self._request.transport is not None:
            self._request.transport.abort()
