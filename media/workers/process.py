"""A media worker: `python -m media.workers.process FD`, started by the control process.

Runs the engine and the recorders of its rooms. It ends when its channel does, after it has closed
its recordings: the death of the control process leaves no orphan and no open file.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from typing_extensions import override

from media.audio.mixing import Mixes
from media.captions.port import CaptionEngines, CaptionFigures, RunningCaptions
from media.captions.room import LocalCaptioners
from media.captions.speech import TranscriberUnavailableError
from media.clock import SystemClock
from media.engine.engine import Engine
from media.errors import MediaError, NegotiationError, RecordingError
from media.recording.recorders import LocalRecorders
from media.recording.writer import WriterThread
from media.tasks import TaskScope
from media.types import ConnectionSpec, Heard, RunningRecording
from media.workers import messages as m
from media.workers.channel import Channel
from media.workers.reporter import Reporter

PULSE_SECONDS = 0.2
"""A fifth of the shortest timer that looks at when a connection was heard."""
STATS_EVERY = 5
"""Pulses; quality is judged once a second."""
STOP_SECONDS = 5.0


class Worker:
    """Does what the control process asks.

    Args:
        channel: To the control process.
        begin: How to run.
    """

    def __init__(self, channel: Channel, begin: m.Begin) -> None:
        self._channel = channel
        self._clock = SystemClock()
        self._engine = Engine(begin.settings, self._clock, self._fault)
        self._engine.mixing = Mixes(self._engine, self._clock, self._fault)
        writer = WriterThread(self._clock, begin.fsync_seconds)
        self._recorders = LocalRecorders(self._engine, writer, self._clock)
        self._captioners = None if begin.captions is None else self._speech(begin.captions)
        self._recordings: dict[str, RunningRecording] = {}
        self._captions: dict[str, RunningCaptions] = {}
        self._connections: dict[str, Heard] = {}
        self._reporter = Reporter(self.tell)
        self._scope = TaskScope(self._fault)

    def _speech(self, engines: CaptionEngines) -> LocalCaptioners:
        return LocalCaptioners(
            self._engine,
            engines.engine,
            workers=engines.workers,
            places=engines.places,
            clock=self._clock,
            on_error=self._fault,
        )

    def tell(self, message: m.FromWorker) -> None:
        """Send a message to the control process."""
        self._channel.send(m.encode_from(message))

    async def run(self) -> None:
        """Serve until the channel ends, then close everything."""
        try:
            await self._engine.start()
        except (MediaError, OSError) as error:
            self.tell(m.Refusal(0, "media", "", str(error)))
            return
        self._recorders.start()
        self.tell(m.Ready(self._engine.udp_port))
        gc.collect()
        gc.freeze()  # what was imported stays: later collections need not walk it
        _ = self._scope.spawn(self._pulse(), name="worker pulse")
        try:
            while (data := await self._channel.receive()) is not None:
                self._take(m.decode_to(data))
        finally:
            await self._stop()

    async def _stop(self) -> None:
        await self._scope.close()
        stops = [one.stop("shutdown") for one in self._recordings.values()]
        async with asyncio.timeout(STOP_SECONDS):
            _ = await asyncio.gather(*stops, return_exceptions=True)
        if self._captioners is not None:
            await self._captioners.close()
        await self._engine.stop()
        await asyncio.to_thread(self._recorders.stop)

    def _take(self, message: m.ToWorker) -> None:
        match message:
            case m.Open(spec):
                self._open(spec)
            case m.Probe(connection_id):
                self._engine.probe(connection_id)
            case m.View(connection_id, tiles):
                self._engine.set_view(connection_id, tiles)
            case m.Listener(connection_id, stats):
                self._engine.set_listener_stats(connection_id, stats)
            case m.Mute(connection_id, source, muted):
                self._engine.set_muted(connection_id, source, muted=muted)
            case m.ListenRoom(room_id, on):
                self._engine.listen_room(room_id, self._reporter if on else None)
            case m.PauseRecording(recording_id, on):
                self._pause(recording_id, on=on)
            case m.Begin():
                raise m.WireError("it has begun already")
            case _:
                self._take_call(message)

    def _take_call(self, message: m.Call) -> None:
        match message:
            case m.Offer(call):
                self._spawn(call, self._answer(message))
            case m.Candidate(call, connection_id, candidate):
                self._spawn(call, self._candidate(call, connection_id, candidate))
            case m.Close(call, connection_id):
                self._connections.pop(connection_id, None)
                self._spawn(call, self._close(call, connection_id))
            case m.Record(call):
                self._spawn(call, self._record(message))
            case m.StopRecording(call):
                self._spawn(call, self._stop_recording(message))
            case m.StartCaptions(call):
                self._spawn(call, self._start_captions(message))
            case m.StopCaptions(call):
                self._spawn(call, self._stop_captions(message))

    def _open(self, spec: ConnectionSpec) -> None:
        try:
            self._engine.open(spec, self._reporter)
        except MediaError as error:
            self._reporter.transport_failed(spec.connection_id, "not_opened")
            self._fault("open connection", error)
            return
        self._connections[spec.connection_id] = Heard(None, media=False)

    def _pause(self, recording_id: str, *, on: bool) -> None:
        running = self._recordings.get(recording_id)
        if running is not None:
            (running.pause if on else running.resume)()

    def _spawn(self, call: int, work: Coroutine[Any, Any, m.Reply]) -> None:
        _ = self._scope.spawn(self._perform(call, work), name=f"call {call}")

    async def _perform(self, call: int, work: Coroutine[Any, Any, m.Reply]) -> None:
        try:
            self.tell(await work)
        except NegotiationError as error:
            self.tell(m.Refusal(call, "negotiation", error.code, str(error)))
        except TranscriberUnavailableError as error:
            self.tell(m.Refusal(call, "transcriber", error.hint, str(error)))
        except RecordingError as error:
            self.tell(m.Refusal(call, "recording", error.code, str(error)))
        except MediaError as error:
            self.tell(m.Refusal(call, "media", "", str(error)))
        except Exception as error:
            self.tell(m.Refusal(call, "internal", "", f"{type(error).__name__}: {error}"))
            raise

    async def _answer(self, offer: m.Offer) -> m.Reply:
        answer = await self._engine.answer(offer.connection_id, offer.sdp, offer.sources)
        return m.Reply(offer.call, answer=answer)

    async def _candidate(self, call: int, connection_id: str, candidate: str) -> m.Reply:
        await self._engine.add_candidate(connection_id, candidate)
        return m.Reply(call)

    async def _close(self, call: int, connection_id: str) -> m.Reply:
        await self._engine.close(connection_id)
        return m.Reply(call)

    async def _record(self, record: m.Record) -> m.Reply:
        spec = record.spec
        self._recordings[spec.recording_id] = await self._recorders.record(
            spec, self._reporter, disk_floor_bytes=record.disk_floor_bytes
        )
        return m.Reply(record.call)

    async def _stop_recording(self, stop: m.StopRecording) -> m.Reply:
        running = self._recordings.pop(stop.recording_id, None)
        if running is None:
            raise RecordingError("abandoned", "there is no such recording in this worker")
        return m.Reply(stop.call, result=await running.stop(stop.ended_by))

    async def _start_captions(self, start: m.StartCaptions) -> m.Reply:
        if self._captioners is None:
            raise TranscriberUnavailableError("this worker has no speech engine", "")
        running = await self._captioners.caption(start.spec, self._reporter)
        self._captions[start.spec.room_id] = running
        return m.Reply(start.call)

    async def _stop_captions(self, stop: m.StopCaptions) -> m.Reply:
        running = self._captions.pop(stop.room_id, None)
        if running is not None:
            await running.stop()
        return m.Reply(stop.call)

    async def _pulse(self) -> None:
        pulses = 0
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            pulses += 1
            heard = {}
            for name, before in self._connections.items():
                now = self._engine.heard(name)
                if now != before:
                    heard[name] = self._connections[name] = now
            if pulses % STATS_EVERY:
                self.tell(m.Pulse(heard))
            else:
                stats = {name: self._engine.stats(name) for name in self._connections}
                self.tell(m.Pulse(heard, stats, self._engine.counters(), self._caption_figures()))

    def _caption_figures(self) -> CaptionFigures | None:
        return None if self._captioners is None else self._captioners.figures()

    def _fault(self, task: str, error: BaseException) -> None:
        self.tell(m.Fault(task, f"{type(error).__name__}: {error}"))


class _Forwarded(logging.Handler):
    """Log lines go to the server's own log."""

    def __init__(
        self, tell: Callable[[m.FromWorker], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(logging.INFO)
        self._tell = tell
        self._loop = loop

    @override
    def emit(self, record: logging.LogRecord) -> None:
        line = m.Logged(record.levelno, record.name, self.format(record))
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, line)


async def serve(descriptor: int) -> None:
    """Run a worker over the socket that was inherited."""
    channel = await Channel.over(socket.socket(fileno=descriptor))
    try:
        await _serve(channel)
    finally:
        await channel.close()


async def _serve(channel: Channel) -> None:
    first = await channel.receive()
    if first is None:
        return
    begin = m.decode_to(first)
    if not isinstance(begin, m.Begin):
        raise m.WireError("the first message says how to run")
    worker = Worker(channel, begin)
    logging.getLogger().addHandler(_Forwarded(worker.tell, asyncio.get_running_loop()))
    await worker.run()


def main() -> None:
    """Serve over the descriptor that is named on the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the control process, who says when
        _ = signal.signal(number, signal.SIG_IGN)
    asyncio.run(serve(int(sys.argv[1])))
    os._exit(0)  # no thread of a library may hold the process


if __name__ == "__main__":
    main()
