"""Drives one Session: feeds its machine and performs what it decides."""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Protocol, assert_never

from signaling.commands import AnnounceSession, CloseEverybody, Discard, SessionCommand, WakeAt
from signaling.context import Context
from signaling.driver import Alarm
from signaling.events import AlarmWent, SessionEvent
from signaling.ids import new_id
from signaling.journal import Journal
from signaling.log import SessionChanged, SessionDiscarded
from signaling.model import EndReason, Meeting, Session, SessionState
from signaling.ports import RtcTimers
from signaling.session_machine import SessionMachine


class SessionListener(Protocol):
    """Who is told what a Session's machine decided."""

    def close_everybody(self, reason: EndReason) -> None:
        """Every Connection is to be ended."""

    def state_changed(self, sequence: int, state: SessionState) -> None:
        """The Session moved; `sequence` is the number of that fact."""

    def session_over(self) -> None:
        """The Session ended, or was discarded; told once."""


class SessionLife:
    """A Session's machine at work.

    Args:
        meeting: Of which meeting.
        context: The rings beside it.
        listener: Who is told.
        continues: The session that a restart of the server cut off.

    Attributes:
        session: The Session as the model knows it.
        journal: Its facts.
    """

    def __init__(
        self, meeting: Meeting, context: Context, listener: SessionListener, continues: str | None
    ) -> None:
        self.session = Session(
            id=new_id(),
            meeting_id=meeting.id,
            state=SessionState.PENDING,
            created_at=context.clock.utc(),
            continues=continues,
        )
        self.journal = Journal(self.session.id, meeting.id, context.log, context.clock)
        self._meeting = meeting
        self._context = context
        self._listener = listener
        self._machine = SessionMachine(_timers(meeting, context))
        self._alarm = Alarm(context.schedule, lambda: self.post(AlarmWent()))
        self._inbox: deque[SessionEvent] = deque()
        self._busy = False
        self._start: asyncio.Task[None] | None = None
        self.journal.write(SessionChanged(self.session))

    def continue_from(self, session_id: str) -> None:
        """Name the session that a restart cut off, while nobody is connected yet."""
        if self.session.continues is None and self.session.state is SessionState.PENDING:
            self.session = replace(self.session, continues=session_id)
            self.journal.write(SessionChanged(self.session))

    def post(self, event: SessionEvent) -> None:
        """Handle an event now, or right after the one being handled.

        Performing a command ends connections, each of which posts once: the inbox is as bounded
        as the session.
        """
        self._inbox.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox:
                now = self._context.clock.monotonic()
                for command in self._machine.handle(self._inbox.popleft(), now):
                    self._perform(command)
        finally:
            self._busy = False

    def _perform(self, command: SessionCommand) -> None:
        match command:
            case WakeAt(when):
                self._alarm.set(when)
            case CloseEverybody(reason):
                self._listener.close_everybody(reason)
            case AnnounceSession(state, reason):
                self._announce(state, reason)
            case Discard():
                self._discard()
            case _:
                assert_never(command)

    def _announce(self, state: SessionState, reason: EndReason | None) -> None:
        now = self._context.clock.utc()
        first = state is SessionState.LIVE and self.session.started_at is None
        over = state is SessionState.ENDED
        self.session = replace(
            self.session,
            state=state,
            reason=reason,
            started_at=now if first else self.session.started_at,
            ended_at=now if over else None,
        )
        sequence = self.journal.write(SessionChanged(self.session))
        self._listener.state_changed(sequence, state)
        if first:
            self._tell_watcher_started()
        if over:
            self._listener.session_over()
            self._tell_watcher_ended()

    def _discard(self) -> None:
        now = self._context.clock.utc()
        self.session = replace(self.session, state=SessionState.ENDED, ended_at=now)
        self.journal.write(SessionDiscarded(self.session))
        self._listener.session_over()

    def _tell_watcher_started(self) -> None:
        watcher = self._context.watcher
        if watcher is not None:
            started = watcher.session_started(self._meeting, self.session.id)
            name = f"start of session {self.session.id}"
            self._start = self._context.scope.spawn(started, name=name)

    def _tell_watcher_ended(self) -> None:
        watcher = self._context.watcher
        if watcher is None:
            return

        async def turn(start: asyncio.Task[None] | None) -> None:
            if start is not None:
                await asyncio.wait({start})
            await watcher.session_ended(self.session.meeting_id, self.session.id)

        name = f"end of session {self.session.id}"
        _ = self._context.scope.spawn(turn(self._start), name=name)


def _timers(meeting: Meeting, context: Context) -> RtcTimers:
    """The server's timers with the keep-alive that the meeting wants."""
    timers = context.settings.timers
    wanted = meeting.keep_alive_seconds
    return timers if wanted is None else replace(timers, keep_alive=wanted)
