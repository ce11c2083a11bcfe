"""Lists and figures of bots, added up by the database."""

from datetime import UTC, datetime, timedelta

import pytest
from support.bots import stored

from server.records import Bot, BotPerson
from server.storage import sql_bots
from server.storage.port import BotQuery, Storage
from signaling.ids import new_id

START = datetime(2025, 12, 8, 10, tzinfo=UTC)  # a Monday


def bot(**members: object) -> Bot:
    values = {"account": "a", "created_at": START, "updated_at": START, **members}
    return stored(**values)


@pytest.fixture
async def kept(storage: Storage) -> list[Bot]:
    made = [
        bot(duration_seconds=600.0),
        bot(created_at=START + timedelta(days=1), status="failed", error_code="X"),
        bot(created_at=START + timedelta(days=31), status="active", platform="teams"),
        bot(account="b"),
    ]
    for one in made:
        await storage.save_record(one)
    for name, minutes in (("Ann", 5), ("Ann", 1), ("Bo", 10)):
        left = START + timedelta(minutes=minutes)
        await storage.save_record(BotPerson(new_id(), made[0].id, name, name, START, left))
    return made


async def test_people_of_many_bots_come_at_once(storage: Storage, kept: list[Bot], monkeypatch):
    monkeypatch.setattr(sql_bots, "_AT_ONCE", 1)
    people = await storage.people_of_bots([kept[0].id, kept[1].id])
    assert [who.name for who in people[kept[0].id]] == ["Ann", "Ann", "Bo"]
    assert people[kept[1].id] == []


async def test_a_page_is_newest_first_and_counts_all(storage: Storage, kept: list[Bot]):
    bots, total = await storage.list_bots(BotQuery("a", limit=2))
    assert ([one.id for one in bots], total) == ([kept[2].id, kept[1].id], 3)
    bots, total = await storage.list_bots(BotQuery("a", limit=9, search="TEAMS"))
    assert ([one.id for one in bots], total) == ([kept[2].id], 1)
    assert (await storage.list_bots(BotQuery("a", limit=9, search="%")))[1] == 0
    ranged = BotQuery("a", limit=9, since=START, until=START + timedelta(days=1))
    assert (await storage.list_bots(ranged))[1] == 1
    assert [one.id for one in await storage.bots_in(["active"])] == [kept[2].id]


async def test_outcomes_are_counted(storage: Storage, kept: list[Bot]):
    row = await storage.count_bots(BotQuery("a"))
    assert dict(row) == {
        "total": 3,
        "completed": 1,
        "failed": 1,
        "measured": 1,
        "seconds": 600.0,
        "active": 1,
        "transcribe": 3,
    }
    assert (await storage.count_bots(BotQuery("nobody")))["total"] == 0


@pytest.mark.parametrize(
    ("by", "labels"),
    [
        ("platform", ["zoom", "teams"]),
        ("day", ["2025-12-08", "2025-12-09", "2026-01-08"]),
        ("week", ["2025-W50", "2026-W02"]),
        ("month", ["2025-12", "2026-01"]),
    ],
)
async def test_they_are_grouped(storage: Storage, kept: list[Bot], by: str, labels: list[str]):
    rows = await storage.group_bots(BotQuery("a"), by)
    assert [row["label"] for row in rows] == labels


async def test_failures_are_grouped_by_cause(storage: Storage, kept: list[Bot]):
    (row,) = await storage.group_bots(BotQuery("a"), "failure")
    assert (row["error_code"], row["error_message"], row["count"]) == ("X", None, 1)


async def test_stays_fall_between_edges(storage: Storage, kept: list[Bot]):
    assert await storage.bot_durations(BotQuery("a"), [0, 300, 600, 900]) == [0, 0, 1, 0]


async def test_people_are_met(storage: Storage, kept: list[Bot]):
    sums, top = await storage.bot_people_figures(BotQuery("a"), 1)
    assert (sums["unique"], sums["sessions"], sums["stays"], sums["most"]) == (2, 1, 2, 2)
    assert top == [{"name": "Bo", "sessions": 1, "seconds": 600.0}]
    sums, top = await storage.bot_people_figures(BotQuery("b"), 1)
    assert (sums["unique"], sums["most"], top) == (0, 0, [])
