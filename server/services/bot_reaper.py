"""Leaves no bot stuck: at the start what the last process left, and later what hangs."""

import asyncio
from collections.abc import Callable, Coroutine, MutableMapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog

from media.clock import Clock
from media.tasks import OnError
from server.connectors.port import FailureCode
from server.records import Bot, BotPerson
from server.services.bot_journal import BotJournal
from server.services.bot_ledger import BotLedger
from server.services.bot_machine import BotStatus
from server.services.bot_run import BotRun
from server.services.bot_work import BotWork
from server.storage.port import Storage

EVERY_SECONDS: Final = 15.0
GRACE_SECONDS: Final = 45.0
"""A bot gives a sign of life every `bot_run.BEAT_SECONDS`; three of them may be missing."""
UNFINISHED: Final = tuple(one.value for one in BotStatus if not one.final)

FollowUp: TypeAlias = Callable[[BotJournal, Coroutine[object, object, None], str], None]
logger = structlog.get_logger(__name__)


class BotReaper:
    """Ends bots that nobody runs any more, and files that nobody finishes.

    Args:
        store: Where bots are.
        work: Their recordings and transcripts.
        clock: The process's clock.
        ledger: What bots did that is on its way there.
        runs: Bots of this process, by id; those that cannot be ended are taken out.
        open_journal: Makes or finds what changes a bot.
        follow_up: Lets something go on after a bot's end.
        on_error: Told when it could not look.
    """

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        *,
        store: Storage,
        work: BotWork,
        clock: Clock,
        ledger: BotLedger,
        runs: MutableMapping[str, BotRun],
        open_journal: Callable[[Bot], BotJournal],
        follow_up: FollowUp,
        on_error: OnError,
    ) -> None:
        self._store = store
        self._work = work
        self._clock = clock
        self._runs = runs
        self._open_journal = open_journal
        self._follow_up = follow_up
        self._ledger = ledger
        self._on_error = on_error

    async def recover(self) -> None:
        """End what the last process left, before anything new begins."""
        for bot in await self._store.bots_in(UNFINISHED):
            text = "The server was restarted; what was recorded is kept."
            await self._end(bot, FailureCode.SERVER_RESTARTED, text)
            logger.info("bot ended by restart", bot=bot.id)
        for bot in await self._store.bots_left_open():
            await self._settle(bot)

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  (reported, and looked again)
                self._on_error("watch bots", error)

    async def look(self) -> None:
        """End bots that give no sign of life."""
        now = self._clock.monotonic()
        for bot_id, run in list(self._runs.items()):
            if now - run.beat_at <= GRACE_SECONDS:
                continue
            logger.error("bot hangs and is ended", bot=bot_id)
            if not await run.give_up():
                _ = self._runs.pop(bot_id, None)
        since = self._clock.utc() - timedelta(seconds=GRACE_SECONDS)
        await self._ledger.settled()
        running = set(self._runs)  # as of now: one that ends meanwhile is stored as it was
        for bot in await self._store.bots_in(UNFINISHED):
            if bot.id not in running and bot.updated_at < since:
                text = "The bot came to no proper end; what was recorded is kept."
                await self._end(bot, FailureCode.BOT_CRASHED, text)
                logger.error("bot without a task ended", bot=bot.id)

    async def _end(self, bot: Bot, code: FailureCode, text: str) -> None:
        """A bot that nobody runs has failed."""
        journal = self._open_journal(bot)
        for who in await self._store.list_records(BotPerson, bot_id=bot.id, left_at=None):
            journal.people[who.person_id] = who
        joined = bot.joined_at
        left = None if joined is None else await self._last_sign_of_life(bot)
        await journal.everybody_left(left)
        await journal.log("status", code.value, text, level="error")
        await journal.change(
            status=BotStatus.FAILED.value,
            error_code=code.value,
            error_message=text,
            end_reason=None,
            left_at=left,
            duration_seconds=(left - joined).total_seconds() if left and joined else None,
        )
        if joined is None:
            await self._work.never_in(journal, failed=True)
        else:
            self._finish_later(journal)

    async def _settle(self, bot: Bot) -> None:
        """A bot had ended, and something that went on for it was cut off."""
        journal = self._open_journal(bot)
        if bot.details.get("transcription") == "processing":
            await journal.detail(transcription="failed")
            text = "The server was restarted while the recording was transcribed; ask again."
            await journal.warn("transcription_interrupted", text)
        self._finish_later(journal)

    def _finish_later(self, journal: BotJournal) -> None:
        work = self._work.finish(journal, None)
        self._follow_up(journal, work, "finish bot's files")

    async def _last_sign_of_life(self, bot: Bot) -> datetime:
        """When a bot that a crash ended was still there: not how long the server was down."""
        stored = await self._store.find_session(bot.session_id) if bot.session_id else None
        ended = stored.session.ended_at if stored is not None else None
        return bot.updated_at if ended is None else max(bot.updated_at, ended)
