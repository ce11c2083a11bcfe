"""Many records in one transaction, the latest of each, and one bad one alone is lost."""

import pytest

from server.services.bot_ledger import BotLedger


class Store:
    """Remembers transactions; takes none with a record that is `bad`."""

    def __init__(self) -> None:
        self.transactions: list[tuple[object, ...]] = []
        self.waits_meanwhile: list[str] = []
        self.ledger: BotLedger | None = None

    async def save_records(self, records: tuple[object, ...]) -> None:
        if "bad" in records:
            while self.waits_meanwhile:
                self.ledger.put(self.waits_meanwhile.pop(), "bad")
            raise OSError("disk full")
        self.transactions.append(records)


@pytest.fixture
def faults() -> list[BaseException]:
    return []


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def ledger(store: Store, faults: list[BaseException]) -> BotLedger:
    return BotLedger(store, lambda _, error: faults.append(error))


async def test_what_comes_together_is_stored_together_in_its_latest_version(ledger, store):
    for record_id, record in (("a", "old"), ("b", "b"), ("a", "new")):
        ledger.put(record_id, record)
    await ledger.settled()
    assert store.transactions == [("new", "b")]
    await ledger.settled()
    ledger.put("a", "newest")
    await ledger.close()
    assert store.transactions[1:] == [("newest",)]


async def test_a_bad_record_takes_no_other_along(ledger, store, faults):
    ledger.put("x", "bad")
    await ledger.keep("y", "good")
    assert store.transactions == [("good",)]
    assert [str(one) for one in faults] == ["disk full"]


async def test_whoever_waits_is_told_that_a_record_is_lost(ledger):
    with pytest.raises(OSError, match="disk full"):
        await ledger.keep("x", "bad")
    await ledger.keep("x", "good")


async def test_whoever_waits_is_told_also_when_more_is_lost_meanwhile(ledger, store, faults):
    store.ledger, store.waits_meanwhile = ledger, ["y"]
    with pytest.raises(OSError, match="disk full"):
        await ledger.keep("x", "bad")
    assert len(faults) == 2
    assert ledger._lost == {}
