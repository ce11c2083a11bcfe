"""Drives one Connection: feeds its machine one event at a time and performs all its commands.

Events come in by `post` and are handled at once, on the event loop; what happens meanwhile waits
in the inbox. What the engine does asynchronously runs in one queue per Connection, in order, and
comes back as an event.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, assert_never

from media.clock import Clock
from media.errors import MediaError, NegotiationError
from media.tasks import OnError, TaskScope
from media.types import Answer, Heard
from signaling.commands import (
    Announce,
    CloseTransport,
    ConnectionCommand,
    MakeAnswer,
    Probe,
    Refuse,
    SendAnswer,
    WakeAt,
)
from signaling.connection_machine import ConnectionMachine
from signaling.errors import IllegalTransitionError
from signaling.events import AnswerFailed, AnswerMade, ConnectionEvent, Ended, Woke
from signaling.model import ConnectionState, EndReason
from signaling.ports import MediaEngine

# A machine answers an event with a handful of commands, each of which can cause a few events.
INBOX_LIMIT: Final = 64
# RFC 8445 names no limit; a browser gathers fewer than 20 candidates.
CANDIDATE_LIMIT: Final = 64


class Cancellable(Protocol):
    """A call that has been put off."""

    def cancel(self) -> None:
        """Forget it."""


Schedule = Callable[[float, Callable[[], None]], Cancellable]
"""Call something at a moment of the Clock, in monotonic seconds."""


def loop_schedule(clock: Clock) -> Schedule:
    """The schedule of the running event loop, read on the process's one Clock."""

    def schedule(when: float, call: Callable[[], None]) -> Cancellable:
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, when - clock.monotonic()), call)

    return schedule


class DriverListener(Protocol):
    """Who is told what a Connection's machine decided."""

    def answered(self, offer_id: int, answer: Answer) -> None:
        """The engine's answer is to be sent."""

    def refused(self, offer_id: int, code: str, message: str) -> None:
        """An offer was refused."""

    def invalid_candidate(self, code: str, message: str) -> None:
        """A candidate was refused."""

    def announced(self, state: ConnectionState, reason: EndReason | None) -> None:
        """The Connection moved."""


class Alarm:
    """The one alarm of a machine."""

    def __init__(self, schedule: Schedule, ring: Callable[[], None]) -> None:
        self._schedule = schedule
        self._ring = ring
        self._handle: Cancellable | None = None

    def set(self, when: float | None) -> None:
        """Replace the alarm; None clears it."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None if when is None else self._schedule(when, self._ring)


class Driver:
    """One Connection's machine at work.

    Args:
        connection_id: Its name in the engine.
        machine: What decides.
        listener: Who is told.
        engine: Who answers and closes.
        clock: What time it is.
        schedule: Who rings the alarm.
        scope: Owner of the tasks.
        on_error: Who hears of bugs, by name.
    """

    def __init__(  # noqa: PLR0913  (everything that a machine at work touches, handed in)
        self,
        connection_id: str,
        machine: ConnectionMachine,
        listener: DriverListener,
        *,
        engine: MediaEngine,
        clock: Clock,
        schedule: Schedule,
        scope: TaskScope,
        on_error: OnError,
    ) -> None:
        self._id = connection_id
        self._machine = machine
        self._listener = listener
        self._engine = engine
        self._clock = clock
        self._scope = scope
        self._on_error = on_error
        self._alarm = Alarm(schedule, self._ring)
        self._inbox: deque[ConnectionEvent] = deque()
        self._busy = False
        # one answer at a time, and candidates
        self._jobs: asyncio.Queue[MakeAnswer | str] = asyncio.Queue(CANDIDATE_LIMIT + 1)
        self._candidates = 0
        self._worker: asyncio.Task[None] | None = None

    @property
    def state(self) -> ConnectionState:
        """Where the Connection stands."""
        return self._machine.state

    def start(self) -> None:
        """Begin to negotiate; the engine knows the connection."""
        self._worker = self._scope.spawn(self._work(), name=f"negotiation of {self._id}")
        self._worker.add_done_callback(self._worked)

    def post(self, event: ConnectionEvent) -> None:
        """Handle an event now, or right after the one being handled."""
        if len(self._inbox) >= INBOX_LIMIT:
            self._on_error(self._id, OverflowError(f"inbox is full, {type(event).__name__} lost"))
            return
        self._inbox.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox:
                self._handle(self._inbox.popleft())
        finally:
            self._busy = False

    def add_candidate(self, candidate: str) -> None:
        """Hand a trickled candidate to the engine, after what came before it."""
        if self.state.final:
            return
        if self._candidates >= CANDIDATE_LIMIT:
            self._listener.invalid_candidate("invalid_candidate", "too many candidates")
            return
        self._candidates += 1
        self._jobs.put_nowait(candidate)

    def _ring(self) -> None:
        self.post(Woke(self._heard()))

    def _heard(self) -> Heard:
        return self._engine.heard(self._id)

    def _handle(self, event: ConnectionEvent) -> None:
        try:
            commands = self._machine.handle(event, self._clock.monotonic())
        except IllegalTransitionError as error:
            self._on_error(self._id, error)
            commands = self._machine.handle(
                Ended(EndReason.PROTOCOL_ERROR), self._clock.monotonic()
            )
        for command in commands:
            self._perform(command)

    def _perform(self, command: ConnectionCommand) -> None:
        match command:
            case MakeAnswer():
                self._jobs.put_nowait(command)
            case SendAnswer(offer_id, answer):
                self._listener.answered(offer_id, answer)
            case Refuse(offer_id, code, message):
                self._listener.refused(offer_id, code, message)
            case WakeAt(when):
                self._alarm.set(when)
            case Probe():
                self._engine.probe(self._id)
            case Announce(state, reason):
                self._listener.announced(state, reason)
            case CloseTransport():
                _ = self._scope.spawn(self._close(), name=f"close of {self._id}")
            case _:
                assert_never(command)

    def _worked(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and worker.exception() is not None:
            # the scope has reported it; a connection that cannot negotiate is of no use
            self.post(Ended(EndReason.PROTOCOL_ERROR))

    async def _close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait({self._worker})
        await self._engine.close(self._id)

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            if isinstance(job, MakeAnswer):
                self.post(await self._answer(job))
            else:
                await self._add(job)

    async def _answer(self, job: MakeAnswer) -> AnswerMade | AnswerFailed:
        try:
            answer = await self._engine.answer(self._id, job.sdp, job.sources)
        except NegotiationError as error:
            return AnswerFailed(job.offer_id, error.code, str(error))
        except MediaError as error:
            return AnswerFailed(job.offer_id, "invalid_state", str(error))
        return AnswerMade(job.offer_id, answer)

    async def _add(self, candidate: str) -> None:
        try:
            await self._engine.add_candidate(self._id, candidate)
        except NegotiationError as error:
            self._listener.invalid_candidate(error.code, str(error))
        except MediaError:
            # the connection ended in the engine meanwhile; its own event says so
            return
