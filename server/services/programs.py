"""Python programs in sessions: loaded by name, started with each session, ended with it."""

import asyncio
import importlib
import importlib.util
import inspect
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import structlog

from media.audio.desk import SoundDesk
from media.clock import Clock
from media.tasks import OnError, TaskScope
from server.errors import ConfigError
from server.programs import ProgramFunction, SessionAudio
from server.services.tracker import Tracker
from signaling.errors import Refused
from signaling.hub import LiveSessions
from signaling.log import LogEntry, ParticipantLeft
from signaling.model import Meeting

logger = structlog.get_logger(__name__)

END_SECONDS: Final = 5.0
"""A program that was cancelled has so long to let go; then the session ends without it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A function that hears sessions.

    Attributes:
        name: As others see it in the roster.
    """

    name: str
    function: ProgramFunction


@dataclass(frozen=True, slots=True)
class _Running:
    """A program in a session."""

    audio: SessionAudio
    task: asyncio.Task[None]

    def end(self) -> None:
        """Cancel it, once: what it does in its last moments is not cut off by the next reason."""
        if not self.task.cancelling():
            _ = self.task.cancel()


class Programs:
    """Runs programs in every session. Satisfies `signaling.ports.SessionWatcher`.

    Args:
        live: Seats them.
        tracker: Knows when a session began, and who was removed.
        desk: Their ears and mouth; closed with this.
        clock: The process's clock.
        on_error: Told when a program fails, as `program NAME`; the session goes on.
    """

    def __init__(
        self,
        live: LiveSessions,
        tracker: Tracker,
        desk: SoundDesk,
        clock: Clock,
        on_error: OnError,
    ) -> None:
        self._live = live
        self._tracker = tracker
        self._desk = desk
        self._clock = clock
        self._programs: list[Program] = []
        self._running: dict[str, list[_Running]] = {}
        self._scope = TaskScope(on_error)
        self._unfollow = tracker.on_change(self._take)

    def add(self, program: Program) -> None:
        """Run a program in every session that starts from now on."""
        self._programs.append(program)

    async def session_started(self, meeting: Meeting, session_id: str) -> None:
        """Start every program."""
        view = self._tracker.live_session(meeting.id)
        if view is None or view.session.started_at is None:
            return
        ago = self._clock.utc() - view.session.started_at
        zero_ns = self._clock.monotonic_ns() - round(ago.total_seconds() * 1e9)
        for program in self._programs:
            audio = SessionAudio(
                meeting,
                session_id,
                program.name,
                zero_ns,
                live=self._live,
                desk=self._desk,
                clock=self._clock,
            )
            task = self._scope.spawn(_run(program, audio), name=f"program {program.name}")
            self._running.setdefault(session_id, []).append(_Running(audio, task))

    async def session_ended(self, meeting_id: str, session_id: str) -> None:
        """End every program; one that does not let go is left behind and said so."""
        del meeting_id
        await _end(self._running.pop(session_id, []))

    async def close(self) -> None:
        """End every program."""
        self._unfollow()
        for session_id in list(self._running):
            await self.session_ended("", session_id)
        self._desk.close()

    def _take(self, entry: LogEntry) -> None:
        """A fact of the session log: a program that was removed is ended."""
        if not isinstance(entry.fact, ParticipantLeft):
            return
        gone = entry.fact.participant
        for one in self._running.get(gone.session_id, []):
            if one.audio.is_seat(gone.id):
                one.end()


async def _run(program: Program, audio: SessionAudio) -> None:
    try:
        await program.function(audio)
    except Refused as refused:
        if refused.code not in ("no_active_session", "participant_not_found"):
            raise
        # the session ended while it was about to listen or speak
    finally:
        await audio.close()


async def _end(running: list[_Running]) -> None:
    for one in running:
        one.end()
    if not running:
        return
    _, late = await asyncio.wait([one.task for one in running], timeout=END_SECONDS)
    for one in running:
        if one.task in late:
            logger.error("program does not end", program=one.audio.name)
            await one.audio.close()


def load_program(entry: str) -> Program:
    """Import a program; it is called as its function is: `note_taker` is `Note taker`.

    Args:
        entry: `module:function`, or `file.py:function`.

    Raises:
        ConfigError: There is no such thing, or it is no `async def` with one parameter.
    """
    source, _, name = entry.rpartition(":")
    try:
        module = _file(Path(source)) if source.endswith(".py") else importlib.import_module(source)
        function = getattr(module, name)
    except Exception as error:
        raise ConfigError(
            f"media.programs: {entry} cannot be loaded: {type(error).__name__}: {error}",
            "Name it as module:function or file.py:function.",
        ) from error
    if not inspect.iscoroutinefunction(function):
        raise ConfigError(f"media.programs: {entry} is no async function", "Write `async def`.")
    return Program(name.replace("_", " ").strip().capitalize() or name, function)


def _file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"roomtone_program_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
