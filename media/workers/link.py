"""One media worker as the control process sees it: a process that is replaced when it dies."""

import asyncio
import logging
import socket
import sys
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Protocol

from media.captions.speech import TranscriberUnavailableError
from media.clock import Clock
from media.errors import MediaError, NegotiationError, RecordingError
from media.tasks import OnError, TaskScope
from media.workers import messages as m
from media.workers.channel import Channel

SILENT_SECONDS = 10.0
"""A worker sends a pulse five times a second; one that hangs for this long is replaced."""
START_SECONDS = 30.0
STOP_SECONDS = 8.0
"""More than the worker takes to close its recordings."""
SHORT_LIFE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0
BACKLOG = 10_000
"""Messages for a worker that is being replaced."""

_logger = logging.getLogger(__name__)


class WorkerLostError(MediaError):
    """The worker died before it could answer; its successor knows nothing of the connection."""


class LinkListener(Protocol):
    """Who acts on what a worker says."""

    def worker_said(self, link: "Link", message: m.FromWorker) -> None:
        """A message that is no answer to a call."""

    def worker_lost(self, link: "Link") -> None:
        """The process ended; what is sent from now on reaches its successor."""


class Link:
    """Starts a worker, speaks to it, and replaces it.

    Args:
        begin: How it is to run.
        listener: Hears what it says.
        clock: For how long one lived.
        on_error: Told of bugs.

    Attributes:
        udp_port: Its media port, 0 before it is ready.
        pid: Of the process that runs now; None while there is none.
    """

    def __init__(
        self, begin: m.Begin, listener: LinkListener, clock: Clock, on_error: OnError
    ) -> None:
        self.udp_port = 0
        self.pid: int | None = None
        self._begin = begin
        self._listener = listener
        self._clock = clock
        self._scope = TaskScope(on_error)
        self._on_error = on_error
        self._channel: Channel | None = None
        self._backlog: deque[m.ToWorker] = deque()
        self._calls: dict[int, asyncio.Future[m.Reply]] = {}
        self._numbers = count(1)
        self._begun = asyncio.Event()  # the first process is ready, or has failed
        self._failure: MediaError | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Start the first process and wait until its port is open.

        Raises:
            MediaError: It cannot run, with what it said about that.
        """
        _ = self._scope.spawn(self._keep_running(), name="media worker")
        try:
            async with asyncio.timeout(START_SECONDS):
                _ = await self._begun.wait()
        except TimeoutError as error:
            raise MediaError(f"a media worker was not ready in {START_SECONDS:.0f} s") from error
        if self._failure is not None:
            raise self._failure

    async def stop(self) -> None:
        """Let the process close its recordings and end."""
        self._stopping.set()
        channel = self._channel
        if channel is not None:
            await channel.close()
        await self._scope.drain(STOP_SECONDS)
        await self._scope.close()

    def send(self, message: m.ToWorker) -> None:
        """Send a message, to the successor if the worker is being replaced.

        Raises:
            MediaError: Too much waits already.
        """
        if self._channel is not None and self.udp_port:
            self._channel.send(m.encode_to(message))
        elif len(self._backlog) < BACKLOG:
            self._backlog.append(message)
        else:
            raise MediaError("the media worker does not come back")

    async def call(self, make: Callable[[int], m.Call]) -> m.Reply:
        """Send a message and wait for what it is answered with.

        Args:
            make: Makes the message from the number of the call.

        Raises:
            WorkerLostError: The worker died meanwhile.
            MediaError: The worker refused, also as one of its subclasses.
        """
        number = next(self._numbers)
        reply: asyncio.Future[m.Reply] = asyncio.get_running_loop().create_future()
        self._calls[number] = reply
        try:
            self.send(make(number))
            return await reply
        finally:
            del self._calls[number]

    # The life of its processes

    async def _keep_running(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            begun = self._clock.monotonic()
            await self._run_one()
            if self._failure is not None:
                return  # it never ran, and whoever started it knows
            if self._stopping.is_set():
                return
            self._lost()
            short = self._clock.monotonic() - begun < SHORT_LIFE_SECONDS
            pause = min(max(1.0, 2 * pause), LONGEST_PAUSE_SECONDS) if short else 0.0
            await asyncio.sleep(pause)

    async def _run_one(self) -> None:
        """One process from its start to its end."""
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "media.workers.process", str(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the control process alone
            )
        finally:
            theirs.close()
        channel = await Channel.over(ours)
        self.pid = process.pid
        channel.send(m.encode_to(self._begin))
        self._channel = channel
        try:
            await self._listen(channel)
        finally:
            self._channel, self.udp_port, self.pid = None, 0, None
            await channel.close()
            await _ended(process)
        if not self._begun.is_set():
            self._fail(MediaError("a media worker ended before it was ready"))

    async def _listen(self, channel: Channel) -> None:
        try:
            while True:
                async with asyncio.timeout(SILENT_SECONDS if self.udp_port else START_SECONDS):
                    data = await channel.receive()
                if data is None:
                    return
                self._heard(channel, m.decode_from(data))
        except TimeoutError:
            _logger.error("media worker hangs and is replaced", extra={"pid": self.pid})  # noqa: TRY400
        except m.WireError as error:
            self._on_error("media worker", error)

    def _heard(self, channel: Channel, message: m.FromWorker) -> None:
        match message:
            case m.Ready(port):
                self.udp_port = port
                while self._backlog:
                    channel.send(m.encode_to(self._backlog.popleft()))
                self._begun.set()
            case m.Reply(call):
                waiting = self._calls.get(call)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case m.Refusal(call):
                self._refused(message)
            case _:
                self._listener.worker_said(self, message)

    def _refused(self, refusal: m.Refusal) -> None:
        waiting = self._calls.get(refusal.call)
        if waiting is not None and not waiting.done():
            waiting.set_exception(_error(refusal))
        elif not self._begun.is_set():
            self._fail(_error(refusal))

    def _fail(self, error: MediaError) -> None:
        self._failure = error
        self._begun.set()

    def _lost(self) -> None:
        for waiting in self._calls.values():
            if not waiting.done():
                waiting.set_exception(WorkerLostError("the media worker has ended"))
        # Whoever made these calls knows that they failed, and may make them again.
        self._backlog = deque(one for one in self._backlog if not isinstance(one, m.Call))
        _logger.error("media worker lost")
        self._listener.worker_lost(self)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the process, which has been told to end by its channel."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            _ = await process.wait()
    except TimeoutError:
        process.kill()
        _ = await process.wait()


def _error(refusal: m.Refusal) -> MediaError:
    match refusal.error:
        case "negotiation":
            return NegotiationError(refusal.code, refusal.message)
        case "recording":
            return RecordingError(refusal.code, refusal.message)
        case "transcriber":
            return TranscriberUnavailableError(refusal.message, refusal.code)
        case "media" | "internal":
            return MediaError(refusal.message)
