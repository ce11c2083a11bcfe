"""One bot from setting out to its end: takes what its connector tells, one thing at a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from media.clock import Clock
from media.tasks import OnError, TaskScope
from server.connectors.links import NAMES, ParsedLink
from server.connectors.port import (
    Admitted,
    BotEnd,
    BotIdentity,
    Connector,
    ConnectorEvent,
    ConnectorFactory,
    Denied,
    Ended,
    Failed,
    FailureCode,
    Lobby,
    NotRecorded,
    PersonJoined,
    PersonLeft,
    PersonRenamed,
    RecordingBegan,
    SessionBound,
    SoundChanged,
    TrackAdded,
    TrackRemoved,
)
from server.services.bot_journal import BotJournal
from server.services.bot_machine import BotMachine, BotStatus
from server.services.bot_timers import BotLimits, BotTimers
from server.services.bot_work import FILES_SECONDS, BotWork

_Outcome: TypeAlias = BotEnd | Failed | Denied
BEAT_SECONDS: Final = 15.0
"""A bot that waits looks around at least so often."""
_OUTSIDE: Final = (BotStatus.INITIALIZING, BotStatus.JOINING)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotParts:
    """What every bot works with.

    Attributes:
        retries: Seconds before each further try to join.
        leave_seconds: How long leaving may take.
    """

    work: BotWork
    clock: Clock
    limits: BotLimits
    retries: tuple[float, ...]
    leave_seconds: float
    on_error: OnError


class BotRun:
    """The task of one bot.

    Args:
        journal: Its record.
        link: Where it goes.
        connect: Makes a connector for each attempt; None where there is none for the platform.
        parts: What every bot works with.

    Attributes:
        done: Set once the bot has ended.
        beat_at: Its last sign of life, on the monotonic clock.
    """

    def __init__(
        self,
        journal: BotJournal,
        link: ParsedLink,
        connect: ConnectorFactory | None,
        parts: BotParts,
    ) -> None:
        self.done = asyncio.Event()
        self.journal = journal
        self._link = link
        self._connect = connect
        self._parts = parts
        self._machine = BotMachine(parts.retries)
        self._timers = BotTimers(parts.limits)
        self._scope = TaskScope(parts.on_error)
        self._stop = asyncio.Event()
        self._shutdown = False
        self._task: asyncio.Task[None] | None = None
        self._hung = False
        self._captioning: asyncio.Task[None] | None = None
        self.beat_at = parts.clock.monotonic()

    def stop(self) -> None:
        """Somebody wants it out."""
        self._machine.end = BotEnd.STOPPED  # it dominates every other reason
        self._stop.set()

    def shut_down(self) -> None:
        """The server stops; a bot that has a reason to go already keeps it."""
        self._shutdown = self._machine.end is None
        self._stop.set()

    async def give_up(self) -> bool:
        """End a bot that hangs; False when its task does not even let itself be cancelled."""
        if self._hung or self._task is None:
            await self._fail(FailureCode.BOT_CRASHED, _HUNG)
            self.journal.feed.close()
            self.done.set()
            return False
        self._hung = True
        self._beat()  # leaving takes time as well
        _ = self._task.cancel()
        return True

    def _beat(self) -> None:
        self.beat_at = self._parts.clock.monotonic()

    async def run(self) -> None:
        """Live; whatever happens the bot ends in a final status."""
        self._task = asyncio.current_task()
        try:
            await self._live()
        except asyncio.CancelledError:
            if not self._hung or self._task is None:
                raise
            _ = self._task.uncancel()
            await self._fail(FailureCode.BOT_CRASHED, _HUNG)
        except Exception as error:  # noqa: BLE001  (reported; the bot must not be left hanging)
            self._parts.on_error("bot", error)
            text = "Something went wrong inside the server; its log says what."
            await self._fail(FailureCode.INTERNAL_ERROR, text)
        finally:
            await self._scope.close()
            self.journal.feed.close()
            self.done.set()

    async def _live(self) -> None:
        while True:
            outcome = await self._attempt()
            if isinstance(outcome, BotEnd):
                await self._complete()
                return
            transient = isinstance(outcome, Failed) and outcome.transient
            pause = self._machine.retry(outcome.code, transient=transient)
            if pause is None or self._stop.is_set():
                await self._fail(outcome.code, _sentence(outcome))
                return
            text = f"{_sentence(outcome)} Trying again in {pause:g} s."
            await self.journal.log("connector", "join_retry", text, level="warning")
            if await self._stopped_within(pause):
                _ = self._machine.leave(BotEnd.STOPPED)
                await self._complete()
                return

    async def _stopped_within(self, seconds: float) -> bool:
        while seconds > 0:
            self._beat()
            try:
                async with asyncio.timeout(min(seconds, BEAT_SECONDS)):
                    return await self._stop.wait()
            except TimeoutError:
                seconds -= BEAT_SECONDS
        return False

    async def _attempt(self) -> _Outcome:
        """Go there once and stay to the end."""
        self._beat()
        connector = None if self._connect is None else self._connect()
        missing = await self._missing(connector)
        if connector is None or missing is not None:
            return Failed(FailureCode.PLATFORM_NOT_AVAILABLE, missing or "")
        if self._stop.is_set():
            return self._going(BotEnd.STOPPED)
        if self._machine.status is BotStatus.INITIALIZING:
            await self._move(BotStatus.JOINING)
        bot = self.journal.bot
        self._timers = BotTimers(self._parts.limits)
        try:
            await connector.join(self._link, BotIdentity(bot.id, bot.name, bot.account, bot.debug))
            outcome = await self._stay(connector.events())
            if isinstance(outcome, BotEnd):
                outcome = self._going(outcome)
                await self._show()
        finally:
            await self._leave(connector)
        return outcome

    async def _missing(self, connector: Connector | None) -> str | None:
        if connector is None:
            return "There is no connector for it on this server."
        found = await connector.available()
        return None if found.ok else found.reason or "It cannot be used now."

    def _going(self, reason: BotEnd) -> BotEnd:
        _ = self._machine.leave(reason)
        return self._machine.end or reason

    async def _stay(self, events: AsyncIterator[ConnectorEvent]) -> _Outcome:
        """Take in events until one of them, a deadline or somebody ends it."""
        stopping = self._scope.spawn(self._stop.wait(), name="await stop of bot")
        reading = self._scope.spawn(_next(events), name="await event of bot")
        try:
            while True:
                self._beat()
                due = self._timers.next()
                wait = BEAT_SECONDS if due is None else due[0] - self._parts.clock.monotonic()
                ready, _ = await asyncio.wait(
                    {stopping, reading},
                    timeout=min(max(0.0, wait), BEAT_SECONDS),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if stopping in ready:
                    return BotEnd.STOPPED
                if not ready:
                    if due is None or wait > BEAT_SECONDS:
                        continue
                    return due[1] or _nobody_opened()
                event: ConnectorEvent | None = reading.result()
                if event is None:
                    return Failed(FailureCode.BOT_CRASHED, "The connector ended without a word.")
                if isinstance(event, Denied | Failed):
                    return event
                if isinstance(event, Ended):
                    return event.reason
                await self._take(event)
                reading = self._scope.spawn(_next(events), name="await event of bot")
        finally:
            _ = stopping.cancel()
            _ = reading.cancel()

    async def _take(self, event: ConnectorEvent) -> None:
        now = self._parts.clock.monotonic()
        match event:
            case Lobby():
                self._timers.waits_in_lobby(now)
                await self.journal.detail(substatus="waiting_room")
                await self.journal.log("status", "waiting_room", "Bot waits to be let in")
            case Admitted():
                self._timers.admitted(now)
                await self._admitted(event)
            case PersonJoined(person_id=who, name=name):
                self._timers.person_joined()
                await self.journal.person_joined(who, name)
            case PersonLeft(person_id=who):
                self._timers.person_left(now)
                await self.journal.person_left(who)
            case PersonRenamed(person_id=who, name=name):
                await self.journal.person_renamed(who, name)
            case SoundChanged(sounding=sounding):
                self._timers.sound(now, sounding=sounding)
            case _:
                await self._take_media(event)

    async def _take_media(self, event: ConnectorEvent) -> None:
        work, journal = self._parts.work, self.journal
        match event:
            case SessionBound(session_id=session_id):
                if await work.bind(journal, session_id):  # loading a model takes a minute
                    caption = work.caption(journal)
                    self._captioning = self._scope.spawn(caption, name="caption for bot")
            case RecordingBegan(recording_id=recording_id, own=own):
                if self._machine.status is BotStatus.ACTIVE:
                    await work.recording_began(journal, recording_id, own=own)
                    await self._move(BotStatus.RECORDING)
            case NotRecorded(code=code, message=message):
                await journal.detail(recording="failed")
                await journal.warn(code, message)
            case TrackAdded() | TrackRemoved():
                await journal.detail(audio="receiving" if isinstance(event, TrackAdded) else "lost")
            case _:
                pass

    async def _admitted(self, event: Admitted) -> None:
        if self._machine.status is not BotStatus.JOINING:
            return
        await self.journal.detail(substatus=None, audio="waiting")
        await self._move(
            BotStatus.ACTIVE, joined_at=self._parts.clock.utc(), meeting_id=event.meeting_id
        )
        await self.journal.log("connector", "relay_connected", "Bot audio relay connected")

    # ends

    async def _leave(self, connector: Connector) -> None:
        journal = self.journal
        inside = journal.bot.joined_at is not None
        self._beat()
        if self._captioning is not None:
            _ = self._captioning.cancel()
            _ = await asyncio.wait({self._captioning})
        try:
            async with asyncio.timeout(self._parts.leave_seconds):
                await (connector.leave() if inside else connector.withdraw())
        except TimeoutError:
            await journal.warn("leave_timeout", "Bot could not leave in time and was cut off.")
        except Exception as error:  # noqa: BLE001  (reported; the bot is out anyway)
            self._parts.on_error("bot leaves", error)
        if not inside:
            return
        self._beat()
        left = self._parts.clock.utc()
        seconds = (left - (journal.bot.joined_at or left)).total_seconds()
        await journal.everybody_left()
        await journal.change(left_at=left, duration_seconds=seconds)
        await journal.log("connector", "relay_closed", "Bot disconnected from audio relay")
        # a server that stops leaves files to its next start
        await self._parts.work.finish(journal, 0 if self._shutdown else FILES_SECONDS)

    async def _complete(self) -> None:
        if self._shutdown:
            text = "The server was stopped while the bot worked; what was recorded is kept."
            await self._fail(FailureCode.SERVER_RESTARTED, text)
            return
        if not self._machine.status.final:
            self._machine.move(BotStatus.COMPLETED)
        await self._show()

    async def _fail(self, code: FailureCode, message: str) -> None:
        if self._shutdown:
            self._machine.end = None  # not somebody's wish
        if self._machine.end is BotEnd.STOPPED and self._machine.status in _OUTSIDE:
            _ = self._machine.leave(BotEnd.STOPPED)
        if self._machine.fail(code):
            name = NAMES[self._link.platform]
            await self.journal.log("status", code.value, message, level="error")
            await self._show(error_code=code.value, error_message=f"{name}: {message}")
        else:
            await self._show()

    async def _move(self, to: BotStatus, **members: object) -> None:
        self._machine.move(to)
        await self._show(**members)

    async def _show(self, **members: object) -> None:
        """Bring the record to the machine's state."""
        machine = self._machine
        end = machine.end.value if machine.end and machine.status is not S.FAILED else None
        if machine.status.final and self.journal.bot.joined_at is None:
            await self._parts.work.never_in(self.journal, failed=machine.status is S.FAILED)
        if machine.status is S.LEAVING:
            await self.journal.log("status", "leaving", f"Bot leaving meeting ({end})")
        await self.journal.change(status=machine.status.value, end_reason=end, **members)


S: Final = BotStatus
_HUNG: Final = "The bot gave no sign of life any more; what was recorded is kept."


def _nobody_opened() -> Failed:
    return Failed(FailureCode.WAITING_ROOM_TIMEOUT, "Nobody let the bot in.")


def _sentence(outcome: Failed | Denied) -> str:
    return outcome.message if isinstance(outcome, Failed) else outcome.reason


async def _next(events: AsyncIterator[ConnectorEvent]) -> ConnectorEvent | None:
    return await anext(events, None)
