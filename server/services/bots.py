"""Bots: sent to meetings, followed, stopped, found and erased."""

import asyncio
import dataclasses
from collections import OrderedDict
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog

from media.clock import Clock
from media.tasks import OnError, TaskScope
from server.config import BotsSettings
from server.connectors.links import LinkError, LinkFault, ParsedLink, Platform, parse_link
from server.connectors.port import ConnectorFactory
from server.records import Bot, BotPerson
from server.services.bot_feed import BotFeed
from server.services.bot_journal import BotJournal
from server.services.bot_ledger import BotLedger
from server.services.bot_machine import BotStatus
from server.services.bot_reaper import BotReaper
from server.services.bot_run import BotParts, BotRun
from server.services.bot_timers import BotLimits
from server.services.bot_work import BotWork
from server.services.meetings import MeetingsService
from server.services.transcripts import TranscriptsService
from server.storage.port import BotQuery, Storage
from signaling.errors import RefusalKind, Refused
from signaling.ids import is_id, new_id
from signaling.model import CaptionLine

REPEAT_SECONDS: Final = 60.0
"""A program that sends the same wish again so soon repeats itself."""
KEY_HOURS: Final = 24
FEEDS_KEPT: Final = 200
"""Bots that ended whose followers can still catch up."""

logger = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BotWish:
    """A wish for a bot.

    Attributes:
        request: The whole wish in its maker's words: what repeats itself is recognised by it.
        key: What its maker calls the request.
    """

    account: str
    link: str
    name: str
    by: str | None = None
    transcribe: bool = True
    language: str = "en"
    debug: bool = False
    request: Mapping[str, object] = dataclasses.field(default_factory=dict)
    key: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _After:
    """What goes on for a bot that has ended."""

    journal: BotJournal
    tasks: set[asyncio.Task[None]] = dataclasses.field(default_factory=set)


class BotsService:
    """Runs bots and knows what became of them.

    Args:
        store: Where they are kept.
        connectors: A way into each platform that there is one for.
        work: Their recordings and transcripts.
        transcripts: Tells what is said.
        meetings: Knows the address of this server.
        clock: The process's clock.
        settings: How many, and how long they wait.
        on_error: Told of bugs.

    Attributes:
        ledger: Writes down what they do.
        reaper: Ends those that hang.
    """

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        *,
        store: Storage,
        connectors: Mapping[Platform, ConnectorFactory],
        work: BotWork,
        transcripts: TranscriptsService,
        meetings: MeetingsService,
        clock: Clock,
        settings: BotsSettings,
        on_error: OnError,
    ) -> None:
        self._store = store
        self._connectors = connectors
        self.work = work
        self._meetings = meetings
        self._clock = clock
        self._settings = settings
        self._scope = TaskScope(on_error)
        self._later = TaskScope(on_error)
        self._after: dict[str, _After] = {}
        self._runs: dict[str, BotRun] = {}
        self._feeds: OrderedDict[str, BotFeed] = OrderedDict()
        self._creating = asyncio.Lock()
        self._closing = False
        self.ledger = BotLedger(store, on_error)
        self.reaper = BotReaper(
            store=store,
            work=work,
            clock=clock,
            ledger=self.ledger,
            runs=self._runs,
            open_journal=self._journal,
            follow_up=self._follow_up,
            on_error=on_error,
        )
        self._parts = BotParts(
            work=work,
            clock=clock,
            limits=limits_of(settings),
            retries=tuple(settings.retry_seconds),
            leave_seconds=settings.leave_seconds,
            on_error=on_error,
        )
        transcripts.on_line(self._heard)

    @property
    def active(self) -> int:
        """Bots that have not ended."""
        return len(self._runs)

    # life of the process

    async def recover(self) -> None:
        """End what the last process left, before anything new begins."""
        await self.reaper.recover()

    async def watch(self) -> None:
        """End bots that hang, for as long as the server runs."""
        await self.reaper.run()

    async def close(self) -> None:
        """End every bot; before recordings are ended."""
        self._closing = True
        for run in self._runs.values():
            run.shut_down()
        await self._later.close()
        await self._scope.drain(self._settings.leave_seconds + self._settings.stop_wait_seconds)
        await self._scope.close()
        await self.ledger.close()

    # commands

    async def create(self, wish: BotWish) -> tuple[Bot, bool]:
        """Send a bot; it sets out in the background.

        Returns:
            The bot, and whether it was there already: the wish repeated an earlier one.

        Raises:
            Refused: `invalid_link`, `unsupported_platform`, `bot_running` (with `bot_id`),
                `bot_limit_reached`, `idempotency_key_reused`, `server_draining`.
        """
        link = self._link(wish.link)
        async with self._creating:
            known = await self._repeated(wish, link)
            if known is not None:
                return known, True
            self._refuse_many(wish.account)
            run = self._made(wish, link)
        bot = run.journal.bot
        try:
            await self.ledger.keep(bot.id, bot)
        except BaseException:
            del self._runs[bot.id]
            raise
        self._begin(run)
        return bot, False

    def _made(self, wish: BotWish, link: ParsedLink) -> BotRun:
        """The bot, which has not set out."""
        now = self._clock.utc()
        bot = Bot(
            id=new_id(),
            account=wish.account,
            created_by=wish.by,
            link=wish.link,
            normalised=link.normalised,
            platform=link.platform.value,
            name=wish.name,
            status=BotStatus.INITIALIZING.value,
            transcribe=wish.transcribe,
            language=wish.language,
            debug=wish.debug,
            created_at=now,
            updated_at=now,
            request=wish.request,
            idempotency_key=wish.key,
            details={"transcription": "pending" if wish.transcribe else "disabled"},
        )
        journal = BotJournal(bot, self.ledger, self._clock)
        run = BotRun(journal, link, self._connectors.get(link.platform), self._parts)
        self._runs[bot.id] = run
        return run

    def _link(self, text: str) -> ParsedLink:
        if self._closing:
            raise Refused(RefusalKind.UNAVAILABLE, "server_draining", "The server stops.")
        try:
            return parse_link(text, self._meetings.public_url, self._settings.sites)
        except LinkError as error:
            unknown = error.fault is LinkFault.UNSUPPORTED
            code = "unsupported_platform" if unknown else "invalid_link"
            raise Refused(RefusalKind.INVALID, code, str(error)) from error

    async def _repeated(self, wish: BotWish, link: ParsedLink) -> Bot | None:
        """The bot of an earlier, equal wish."""
        now = self._clock.utc()
        if wish.key is not None:
            same = {"account": wish.account, "idempotency_key": wish.key}
            await self.ledger.settled()
            for bot in reversed(await self._store.list_records(Bot, **same)):
                if now - bot.created_at < timedelta(hours=KEY_HOURS):
                    if bot.request != wish.request:
                        text = "This key was used for another request."
                        raise Refused(RefusalKind.INVALID, "idempotency_key_reused", text)
                    return self._now(bot)
        for bot in self._live(wish.account):
            if bot.normalised != link.normalised:
                continue
            soon = now - bot.created_at < timedelta(seconds=REPEAT_SECONDS)
            if wish.key is None and soon and bot.request == wish.request:
                return bot
            raise Refused(
                RefusalKind.INVALID,
                "bot_running",
                "There is a bot in this meeting already.",
                {"bot_id": bot.id},
            )
        return None

    def _live(self, account: str) -> list[Bot]:
        """Bots of an account that have not ended."""
        live = [run.journal.bot for run in self._runs.values()]
        return [bot for bot in live if bot.account == account]

    def _refuse_many(self, account: str) -> None:
        if len(self._live(account)) >= self._settings.max_active:
            text = f"At most {self._settings.max_active} bots run at the same time."
            raise Refused(RefusalKind.TOO_MANY, "bot_limit_reached", text)

    def _begin(self, run: BotRun) -> None:
        journal, bot = run.journal, run.journal.bot
        self._feeds[bot.id] = journal.feed

        async def live() -> None:
            try:
                await run.run()
            finally:
                _ = self._runs.pop(bot.id, None)
                self._trim()
            if journal.bot.details.get("recording") == "finalizing" and not self._closing:
                work = self.work.finish(journal, None)
                self._follow_up(journal, work, "finish bot's files")

        _ = self._scope.spawn(live(), name="bot")

    def _follow_up(
        self, journal: BotJournal, work: Coroutine[object, object, None], name: str
    ) -> None:
        """Let something go on that a bot does after its end."""
        bot_id = journal.bot.id
        after = self._after.setdefault(bot_id, _After(journal))
        task = self._later.spawn(work, name=name)
        after.tasks.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            after.tasks.discard(ended)
            if not after.tasks and self._after.get(bot_id) is after:
                del self._after[bot_id]

        task.add_done_callback(done)

    def _journal(self, bot: Bot) -> BotJournal:
        """What changes this bot: two of them would undo each other's changes."""
        run = self._runs.get(bot.id)
        if run is not None:
            return run.journal
        after = self._after.get(bot.id)
        return BotJournal(bot, self.ledger, self._clock) if after is None else after.journal

    def _trim(self) -> None:
        ended = [one for one, feed in self._feeds.items() if feed.closed]
        for bot_id in ended[: max(0, len(ended) - FEEDS_KEPT)]:
            del self._feeds[bot_id]

    async def stop(self, bot: Bot) -> Bot:
        """Take a bot out, within the time of a request; nothing happens when it has ended.

        Returns:
            The bot, `leaving` when it takes longer.
        """
        run = self._runs.get(bot.id)
        if run is None:
            return await self.get(bot.id)
        run.stop()
        try:
            async with asyncio.timeout(self._settings.stop_wait_seconds):
                _ = await run.done.wait()
        except TimeoutError:
            logger.warning("bot is slow to leave", bot=bot.id)
        return run.journal.bot

    async def erase(self, bot: Bot) -> None:
        """Stop a bot and delete its files, what was said, and everything known of it.

        Raises:
            Refused: `bot_not_finished` when it cannot be stopped now; ask again.
        """
        bot = await self.stop(bot)
        if bot.id in self._runs:
            raise Refused(RefusalKind.CONFLICT, "bot_not_finished", "The bot is still leaving.")
        if after := self._after.get(bot.id):
            for task in after.tasks:
                _ = task.cancel()  # it would write the bot down again
            _ = await asyncio.wait(tuple(after.tasks))
        await self.ledger.settled()
        others = 0
        if bot.session_id is not None:
            same = await self._store.list_records(Bot, session_id=bot.session_id)
            others = sum(1 for one in same if one.id != bot.id)
        await self.work.erase(bot, others)
        _ = await self._store.delete_record(Bot, bot.id)  # people and log go with it
        _ = self._feeds.pop(bot.id, None)

    async def transcribe_again(self, bot: Bot) -> Bot:
        """Make a finished bot's transcript anew from its recording, in the background.

        Raises:
            Refused: `recording_not_found`, `recording_not_ready`, `unsupported_language`.
        """
        journal = self._journal(bot)
        await self.work.transcribe_again(journal)
        self._follow_up(journal, self.work.transcribed_again(journal), "transcribe bot again")
        return journal.bot

    async def label(self, bot: Bot, labels: Mapping[str, str]) -> Bot:
        """Give speakers names of one's own; what is named already stays unless named again."""
        journal = self._journal(bot)
        known = journal.bot.details.get("labels")
        merged = {**(known if isinstance(known, dict) else {}), **labels}
        await journal.detail(labels=merged)
        return journal.bot

    # reading

    async def get(self, bot_id: str) -> Bot:
        """One bot.

        Raises:
            Refused: `bot_not_found`.
        """
        run = self._runs.get(bot_id)
        if run is not None:
            return run.journal.bot
        await self.ledger.settled()
        found = await self._store.find_record(Bot, bot_id) if is_id(bot_id) else None
        if found is None:
            raise Refused(RefusalKind.NOT_FOUND, "bot_not_found", "There is no such bot.")
        return found

    async def page(self, query: BotQuery) -> tuple[list[Bot], int]:
        """A page of bots, newest first, and how many there are in all."""
        await self.ledger.settled()
        bots, total = await self._store.list_bots(query)
        return [self._now(bot) for bot in bots], total

    async def unfinished(self, account: str) -> list[Bot]:
        """Every bot of an account that has not ended, newest first."""
        return sorted(self._live(account), key=lambda bot: (bot.created_at, bot.id), reverse=True)

    async def people(self, bot_id: str) -> list[BotPerson]:
        """Who was there and when, by arrival."""
        await self.ledger.settled()
        return await self._store.list_records(BotPerson, bot_id=bot_id)

    async def people_of(self, bots: Sequence[Bot]) -> Mapping[str, list[BotPerson]]:
        """Who was where each of these bots was, by the bot's id and by arrival."""
        await self.ledger.settled()
        return await self._store.people_of_bots([bot.id for bot in bots])

    def feed(self, bot_id: str) -> BotFeed | None:
        """What followers are told; None for bots that ended long ago."""
        return self._feeds.get(bot_id)

    def _now(self, bot: Bot) -> Bot:
        run = self._runs.get(bot.id)
        return bot if run is None else run.journal.bot

    def _heard(self, session_id: str, line: CaptionLine) -> None:
        """Somebody said something in a session."""
        for run in self._runs.values():
            bot = run.journal.bot
            if bot.session_id == session_id and bot.transcribe:
                data = {"bot": bot, "line": line, "at": self._clock.utc()}
                run.journal.feed.tell("transcript", data, passing=not line.final)


def limits_of(settings: BotsSettings) -> BotLimits:
    """The timers as the operator wants them."""
    return BotLimits(
        waiting_room=settings.waiting_room_seconds,
        nobody_joined=settings.nobody_joined_seconds,
        everyone_left=settings.everyone_left_seconds,
        silence=settings.silence_seconds,
        silence_armed=settings.silence_armed_seconds,
        longest=settings.max_seconds,
    )
