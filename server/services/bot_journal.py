"""Keeps one bot's record, people and log, and tells its followers of every change."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog

from media.clock import Clock
from server.records import Bot, BotLogEntry, BotPerson
from server.services.bot_feed import BotFeed
from server.services.bot_ledger import BotLedger
from signaling.ids import new_id

LOG_ENTRIES: Final = 2000
"""Entries kept of one bot: hours of comings and goings of a hundred people."""

logger = structlog.get_logger(__name__)


class BotJournal:
    """One bot as it is now, in memory and, a moment later, in storage.

    Args:
        bot: The bot as it was created.
        ledger: Writes it down.
        clock: The process's clock.

    Attributes:
        bot: As it is now.
        feed: Its followers.
        people: Who is there, by the connector's id.
    """

    def __init__(self, bot: Bot, ledger: BotLedger, clock: Clock) -> None:
        self.bot = bot
        self.feed = BotFeed()
        self.people: dict[str, BotPerson] = {}
        self._ledger = ledger
        self._clock = clock
        self._logged = 0

    async def change(self, **members: object) -> None:
        """Change members of the record; a new status is told."""
        before = self.bot.status
        now = self._clock.utc()
        self.bot = dataclasses.replace(self.bot, updated_at=now, **members)  # type: ignore[arg-type]
        self._ledger.put(self.bot.id, self.bot)
        if self.bot.status != before:
            await self.log("status", "status_changed", f"Bot is {self.bot.status}")
            self.feed.tell("status", {"bot": self.bot, "previous": before, "at": now})

    async def detail(self, **details: object) -> None:
        """Change members of `details`; None removes one."""
        merged = {**self.bot.details, **details}
        await self.change(details={k: v for k, v in merged.items() if v is not None})

    async def warn(self, code: str, message: str) -> None:
        """Note something that is less than asked for."""
        known = self.bot.details.get("warnings")
        warnings = [*known, code] if isinstance(known, list) else [code]
        await self.detail(warnings=warnings)
        await self.log("status", code, message, level="warning")

    async def log(
        self,
        category: str,
        kind: str,
        message: str,
        *,
        level: str = "info",
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Add to the bot's log; what exceeds `LOG_ENTRIES` is told and not kept."""
        entry = BotLogEntry(
            id=new_id(),
            bot_id=self.bot.id,
            at=self._clock.utc(),
            level=level,
            category=category,
            type=kind,
            message=message,
            details=details or {},
        )
        self._logged += 1
        if self._logged <= LOG_ENTRIES:
            self._ledger.put(entry.id, entry)
        self.feed.tell("log", {"entry": entry})

    async def person_joined(self, person_id: str, name: str) -> None:
        """Somebody is there."""
        if person_id in self.people:
            return
        at = self._clock.utc()
        who = self.people[person_id] = BotPerson(new_id(), self.bot.id, person_id, name, at)
        self._ledger.put(who.id, who)
        await self._tell_person(who, "joined")

    async def person_left(self, person_id: str, at: datetime | None = None) -> None:
        """Somebody is gone, now unless another time is given."""
        who = self.people.pop(person_id, None)
        if who is None:
            return
        left = at or self._clock.utc()
        self._ledger.put(who.id, dataclasses.replace(who, left_at=left))
        await self._tell_person(who, "left")

    async def person_renamed(self, person_id: str, name: str) -> None:
        """Somebody has another name from now on; what was before stays."""
        who = self.people.get(person_id)
        if who is not None and who.name != name:
            await self.person_left(person_id)
            await self.person_joined(person_id, name)

    async def everybody_left(self, at: datetime | None = None) -> None:
        """The bot sees nobody any more."""
        for person_id in list(self.people):
            await self.person_left(person_id, at)

    async def _tell_person(self, who: BotPerson, what: str) -> None:
        await self.log("people", f"participant_{what}", f"{who.name} {what}")
        at = self._clock.utc()
        data = {"bot": self.bot, "previous": self.bot.status, "at": at, "name": who.name}
        self.feed.tell("status", {**data, "event": what})
