"""Bots in lists, and the figures about them that a database adds up best."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Executable,
    Float,
    Integer,
    Join,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from server.records import Bot, BotLogEntry, BotPerson
from server.storage.database import Database
from server.storage.port import BotQuery, Row
from server.storage.rows import from_row
from server.storage.tables import bot_log, bot_people, bots, transcript_segments

_LIVE: Final = ("initializing", "joining", "active", "recording")
_SECONDS: Final = 1_000_000.0
"""Times are kept in microseconds."""
_AT_ONCE: Final = 500
"""Ids of one statement."""
_segments = transcript_segments
_PERIODS: Final[Mapping[str, str]] = {"day": "%Y-%m-%d", "week": "%Y-W", "month": "%Y-%m"}


class SqlBots:
    """`server.storage.port.BotStore` on SQL.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    async def list_bots(self, query: BotQuery) -> tuple[list[Bot], int]:
        """A page, newest first, and how many there are in all."""
        where = _where(query)
        statement = select(bots).where(*where).order_by(bots.c.created_at.desc(), bots.c.id.desc())
        rows = await self._db.all(statement.limit(query.limit).offset(query.offset))
        count = await self._db.first(select(func.count().label("count")).where(*where))
        return [from_row(Bot, row) for row in rows], 0 if count is None else int(count["count"])

    async def bots_in(self, statuses: Sequence[str], account: str | None = None) -> list[Bot]:
        """Every bot in one of these states, of one account or of all, newest first."""
        statement = select(bots).where(bots.c.status.in_(statuses))
        if account is not None:
            statement = statement.where(bots.c.account == account)
        statement = statement.order_by(bots.c.created_at.desc(), bots.c.id.desc())
        return [from_row(Bot, row) for row in await self._db.all(statement)]

    async def people_of_bots(self, bot_ids: Sequence[str]) -> Mapping[str, list[BotPerson]]:
        """Who was where each of these bots was, by arrival."""
        found: dict[str, list[BotPerson]] = {one: [] for one in bot_ids}
        for first in range(0, len(bot_ids), _AT_ONCE):
            some = bot_people.c.bot_id.in_(bot_ids[first : first + _AT_ONCE])
            statement = select(bot_people).where(some).order_by(bot_people.c.id)
            for row in await self._db.all(statement):
                found[row["bot_id"]].append(from_row(BotPerson, row))
        return found

    async def bots_left_open(self) -> list[Bot]:
        """Bots that ended, with files or a transcript that somebody was to finish."""
        recording = bots.c.details["recording"].as_string()
        transcription = bots.c.details["transcription"].as_string()
        statement = select(bots).where(
            bots.c.status.in_(("completed", "failed")),
            or_(
                recording.in_(("recording", "finalizing")),
                transcription.in_(("active", "processing")),
            ),
        )
        return [from_row(Bot, row) for row in await self._db.all(statement)]

    async def bot_log(
        self,
        bot_id: str,
        *,
        limit: int,
        offset: int = 0,
        category: str | None = None,
        level: str | None = None,
    ) -> tuple[list[BotLogEntry], int]:
        """A page of what a bot did, oldest first, and how much there is in all."""
        where: list[ColumnElement[bool]] = [bot_log.c.bot_id == bot_id]
        if category is not None:
            where.append(bot_log.c.category == category)
        if level is not None:
            where.append(bot_log.c.level == level)
        statement = select(bot_log).where(*where).order_by(bot_log.c.id)
        rows = await self._db.all(statement.limit(limit).offset(offset))
        count = await self._db.first(select(func.count().label("count")).where(*where))
        entries = [from_row(BotLogEntry, row) for row in rows]
        return entries, 0 if count is None else int(count["count"])

    async def count_bots(self, query: BotQuery) -> Row:
        """`total`, `completed`, `failed`, `active`, `transcribe`, `measured`, `seconds`."""
        statement = select(
            func.count().label("total"),
            *_outcomes(),
            _sum(bots.c.status.in_(_LIVE)).label("active"),
            _sum(bots.c.transcribe).label("transcribe"),
        )
        return await self._one(statement.where(*_where(query)))

    async def group_bots(self, query: BotQuery, by: str) -> list[Row]:
        """`label`, `count`, `completed`, `failed`, `measured`, `seconds`."""
        labels = _labels(by)
        statement = select(*labels, func.count().label("count"), *_outcomes())
        statement = statement.where(*_where(query))
        if by == "failure":
            statement = statement.where(bots.c.status == "failed")
        grouped = statement.group_by(*[literal_column(one.name) for one in labels])
        if by in _PERIODS:
            return await self._rows(grouped.order_by(literal_column("label")))
        return await self._rows(grouped.order_by(func.count().desc()))

    async def bot_durations(self, query: BotQuery, edges: Sequence[float]) -> list[int]:
        """How many bots stayed from each edge (seconds) to the next; the last is open."""
        seconds = bots.c.duration_seconds
        tops: list[float | None] = [*edges[1:], None]
        columns = []
        for number, (low, high) in enumerate(zip(edges, tops, strict=True)):
            inside = seconds >= low if high is None else and_(seconds >= low, seconds < high)
            columns.append(_sum(inside).label(f"n{number}"))
        row = await self._one(select(*columns).where(*_where(query), seconds.is_not(None)))
        return [int(row[f"n{number}"]) for number in range(len(edges))]

    async def bot_people_figures(self, query: BotQuery, limit: int) -> tuple[Row, list[Row]]:
        """`unique`, `sessions`, `stays`, `most`; then `name`, `sessions`, `seconds` of the top."""
        met = bots.join(bot_people, bot_people.c.bot_id == bots.c.id)
        each = (
            select(bots.c.id, func.count(bot_people.c.name.distinct()).label("people"))
            .select_from(met)
            .where(*_where(query))
            .group_by(bots.c.id)
            .subquery()
        )
        sums = await self._one(
            select(
                func.count().label("sessions"),
                func.coalesce(func.sum(each.c.people), 0).label("stays"),
                func.coalesce(func.max(each.c.people), 0).label("most"),
            )
        )
        unique = await self._one(
            select(func.count(bot_people.c.name.distinct()).label("unique"))
            .select_from(met)
            .where(*_where(query))
        )
        # whole microseconds below the column types: SQLite subtracts the stored integers
        stay = func.coalesce(_raw(bot_people.c.left_at), _raw(bots.c.updated_at)) - _raw(
            bot_people.c.joined_at
        )
        top = (
            select(
                bot_people.c.name,
                func.count(bots.c.id.distinct()).label("sessions"),
                (func.sum(stay) / _SECONDS).label("seconds"),
            )
            .select_from(met)
            .where(*_where(query))
            .group_by(bot_people.c.name)
            .order_by(func.count(bots.c.id.distinct()).desc(), func.sum(stay).desc())
            .limit(limit)
        )
        return {**sums, **unique}, await self._rows(top)

    async def bot_speech(self, query: BotQuery, bot_id: str | None = None) -> list[Row]:
        """By `speaker`: `seconds`, `words`, `segments`, `sessions`, `confidence`, `longest`."""
        seconds = _segments.c.end - _segments.c.start
        statement = (
            select(
                _segments.c.name.label("speaker"),
                func.sum(seconds).label("seconds"),
                func.sum(_words()).label("words"),
                func.count().label("segments"),
                func.count(bots.c.id.distinct()).label("sessions"),
                func.avg(_segments.c.confidence).label("confidence"),
                func.max(seconds).label("longest"),
            )
            .select_from(_heard())
            .where(*_where(query))
            .group_by(_segments.c.name)
            .order_by(func.sum(seconds).desc())
        )
        if bot_id is not None:
            statement = statement.where(bots.c.id == bot_id)
        return await self._rows(statement)

    async def bots_with_speech(self, query: BotQuery) -> int:
        """How many bots heard something that was written down."""
        heard = select(func.count(bots.c.id.distinct()).label("count")).select_from(_heard())
        return int((await self._one(heard.where(*_where(query))))["count"])

    async def bot_speech_spread(self, query: BotQuery) -> tuple[list[Row], list[Row]]:
        """Segments by `language`, and by tenth of confidence (`tenth`, 0 to 9); both `count`."""
        count = func.count().label("count")
        heard, where = _heard(), _where(query)
        languages = select(_segments.c.language, count).select_from(heard).where(*where)
        scaled = func.round(_segments.c.confidence * 10 - 0.5)
        tenth = func.max(0, func.min(9, scaled)).label("tenth")
        tenths = select(tenth, count).select_from(heard)
        tenths = tenths.where(*where, _segments.c.confidence.is_not(None))
        return (
            await self._rows(languages.group_by(_segments.c.language)),
            await self._rows(tenths.group_by(literal_column("tenth"))),
        )

    async def _rows(self, statement: Executable) -> list[Row]:
        return [dict(row) for row in await self._db.all(statement)]

    async def _one(self, statement: Executable) -> Row:
        row = await self._db.first(statement)
        return {} if row is None else dict(row)


def _where(query: BotQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [bots.c.account == query.account]
    if query.statuses:
        where.append(bots.c.status.in_(query.statuses))
    if query.since is not None:
        where.append(bots.c.created_at >= query.since)
    if query.until is not None:
        where.append(bots.c.created_at < query.until)
    if query.created_by is not None:
        where.append(bots.c.created_by == query.created_by)
    if query.search:
        columns = (bots.c.link, bots.c.name, bots.c.id, bots.c.platform)
        where.append(or_(*(one.icontains(query.search, autoescape=True) for one in columns)))
    return where


def _sum(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _outcomes() -> tuple[ColumnElement[Any], ...]:
    return (
        _sum(bots.c.status == "completed").label("completed"),
        _sum(bots.c.status == "failed").label("failed"),
        func.count(bots.c.duration_seconds).label("measured"),
        func.coalesce(func.sum(bots.c.duration_seconds), 0.0).label("seconds"),
    )


def _raw(column: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(column, Float)


def _labels(by: str) -> list[Any]:
    if by == "failure":
        return [bots.c.error_code, bots.c.error_message]
    if by in _PERIODS:
        seconds = _raw(bots.c.created_at) / _SECONDS
        if by == "week":
            return [_week(seconds).label("label")]
        return [func.strftime(_PERIODS[by], seconds, "unixepoch").label("label")]
    return [bots.c[by].label("label")]


def _week(seconds: ColumnElement[float]) -> ColumnElement[str]:
    """`2025-W50` (ISO 8601: of the week's Thursday); SQLite before 3.46 has no word for it."""
    thursday = func.date(seconds, "unixepoch", "-3 days", "weekday 4")
    number = (cast(func.strftime("%j", thursday), Integer) - 1) // 7 + 1
    return func.strftime(_PERIODS["week"], thursday).op("||")(func.printf("%02d", number))


def _heard() -> Join:
    """Bots with what was said while they were in, live or as made from the recording again."""
    said = _segments
    start = said.c.start + bots.c.session_offset
    return bots.join(
        said,
        and_(
            said.c.session_id == bots.c.session_id,
            bots.c.transcribe,
            said.c.recording_id.is_not_distinct_from(bots.c.transcript_of),
            or_(bots.c.transcript_of.is_not(None), said.c.end + bots.c.session_offset > 0),
            or_(
                bots.c.transcript_of.is_not(None),
                bots.c.duration_seconds.is_(None),
                start < bots.c.duration_seconds,
            ),
        ),
    )


def _words() -> ColumnElement[Any]:
    """Words of a segment: its single spaces and one, none in an empty text."""
    text = func.trim(_segments.c.text)
    spaces = func.length(text) - func.length(func.replace(text, literal(" "), literal("")))
    return case((text == "", 0), else_=spaces + 1)
