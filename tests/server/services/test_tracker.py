import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
from support.clock import FakeClock
from support.domain import entries, meeting, occupied, session
from support.wait import until

from server.services import tracker as module
from server.services.tracker import Tracker
from signaling.log import SessionChanged
from signaling.model import ConnectionState, SessionState


class Store:
    """Keeps facts in a list, fails as often as it is told."""

    def __init__(self) -> None:
        self.written, self.batches, self.failures, self.last = [], [], 0, 0

    async def last_position(self) -> int:
        return self.last

    async def write_facts(self, placed) -> None:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise OSError("disk")
        self.batches.append(len(placed))
        self.written += placed


class Errors(list):
    def __call__(self, name: str, error: BaseException) -> None:
        self.append((name, error))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def errors() -> Errors:
    return Errors()


@pytest.fixture
async def tracker(store: Store, errors: Errors) -> AsyncIterator[Tracker]:
    made = Tracker(store, FakeClock(), errors)
    await made.start()
    yield made
    await made.stop()


def tell(tracker: Tracker, of, facts) -> None:
    for entry in entries(of, facts):
        tracker.append(entry)


async def test_facts_are_live_at_once_and_stored_in_batches(tracker: Tracker, store: Store):
    live, person, link, facts = occupied(meeting())
    tell(tracker, live, facts)
    assert tracker.connections(live.meeting_id) == [(link, person)]
    assert (tracker.backlog, tracker.version) == (3, 3)
    await until(lambda: not tracker.backlog)
    assert store.batches == [3]
    assert [placed.position for placed in store.written] == [1, 2, 3]


async def test_positions_go_on_after_a_restart(store: Store, errors: Errors):
    store.last = 41
    tracker = Tracker(store, FakeClock(), errors)
    await tracker.start()
    live, _, _, facts = occupied(meeting())
    tell(tracker, live, facts[:1])
    await tracker.stop()
    assert [placed.position for placed in store.written] == [42]


async def test_five_hundred_facts_do_not_wait(tracker: Tracker, store: Store, monkeypatch):
    monkeypatch.setattr(module, "BATCH_SECONDS", 3600)
    live, _, _, facts = occupied(meeting())
    tell(tracker, live, facts[:1] * 501)
    await until(lambda: len(store.written) >= 500)
    assert store.batches[0] == 500
    await tracker.flush()
    assert len(store.written) == 501


async def test_stopping_at_the_moment_of_a_full_batch_ends(store: Store, errors: Errors):
    tracker = Tracker(store, FakeClock(), errors)
    await tracker.start()
    live, _, _, facts = occupied(meeting())
    tell(tracker, live, facts[:1])
    for _ in range(5):  # the writer waits for more
        await asyncio.sleep(0)
    tell(tracker, live, facts[1:] * 300)
    async with asyncio.timeout(5):
        await tracker.stop()
    assert len(store.written) == 601
    assert errors == []


async def test_stopping_stores_everything(store: Store, errors: Errors):
    tracker = Tracker(store, FakeClock(), errors)
    await tracker.start()
    live, _, _, facts = occupied(meeting())
    tell(tracker, live, facts * 400)
    await tracker.stop()
    assert len(store.written) == 1200
    assert errors == []


async def test_a_failed_write_is_reported_and_tried_again(tracker, store, errors, monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", 0)
    monkeypatch.setattr(module, "BATCH_SECONDS", 0)
    store.failures = 2
    live, _, _, facts = occupied(meeting())
    tell(tracker, live, facts)
    await until(lambda: not tracker.backlog)
    assert [name for name, _ in errors] == ["tracker writer"] * 2
    assert len(store.written) == 3


async def test_a_flush_that_fails_keeps_the_facts(tracker: Tracker, store: Store):
    store.failures = 1
    live, _, _, facts = occupied(meeting())
    tell(tracker, live, facts)
    with pytest.raises(OSError, match="disk"):
        await tracker.flush()
    assert tracker.backlog == 3


async def test_a_dead_database_bounds_the_backlog(tracker: Tracker, monkeypatch):
    monkeypatch.setattr(module, "BACKLOG_LIMIT", 4)
    monkeypatch.setattr(module, "BACKLOG_FULL", 3)
    live, _, _, facts = occupied(meeting())
    tell(tracker, live, facts[:2])
    assert not tracker.overloaded
    tell(tracker, live, facts)
    assert (tracker.backlog, tracker.lost, tracker.overloaded) == (4, 1, True)
    assert tracker.live_session(live.meeting_id) is not None


async def test_the_account_is_the_meetings(tracker: Tracker, store: Store):
    of = meeting(account="acme")
    live, _, _, facts = occupied(of)
    tracker.note_meeting(of)
    tell(tracker, live, facts)
    await tracker.flush()
    assert {placed.account for placed in store.written} == {"acme"}
    assert tracker.account_of(live.id) == "acme"
    assert [view.session.id for view in tracker.live_sessions("acme")] == [live.id]
    assert tracker.live_sessions("default") == []


async def test_remembered_meetings_are_bounded(tracker: Tracker, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED_MEETINGS", 1)
    old, new = meeting(account="a"), meeting(account="b")
    tracker.note_meeting(old)
    tracker.note_meeting(new)
    live = session(old)
    tell(tracker, live, [SessionChanged(live)])
    assert tracker.account_of(live.id) == "default"


async def test_streams_get_their_session_or_account(tracker: Tracker):
    one, _, _, facts = occupied(meeting())
    two = session(meeting())
    mine = tracker.subscribe(one.id, account="default")
    every = tracker.subscribe(None, account="default")
    foreign = tracker.subscribe(None, account="b")
    tell(tracker, one, facts)
    tell(tracker, two, [SessionChanged(two)])
    for stream in (mine, every, foreign):
        stream.close()
    assert [entry.sequence async for entry in mine] == [1, 2, 3]
    assert [entry.position async for entry in every] == [1, 2, 3, 4]
    assert [entry async for entry in foreign] == []


async def test_stopping_ends_streams(store: Store, errors: Errors):
    tracker = Tracker(store, FakeClock(), errors)
    await tracker.start()
    stream = tracker.subscribe(None, account="default")
    await tracker.stop()
    assert [entry async for entry in stream] == []


async def test_watchers_are_called_until_they_stop(tracker: Tracker, errors: Errors):
    live, _, _, facts = occupied(meeting())
    seen = []

    def faulty(_entry):
        raise ValueError("bug")

    stop = tracker.on_change(seen.append)
    stop_faulty = tracker.on_change(faulty)
    tell(tracker, live, facts[:1])
    stop()
    stop()
    tell(tracker, live, facts[1:2])
    stop_faulty()
    assert [entry.sequence for entry in seen] == [1]
    assert [name for name, _ in errors] == ["tracker watcher"] * 2
    assert tracker.version == 2


async def test_final_connections_are_not_listed(tracker: Tracker):
    live, person, link, facts = occupied(meeting())
    closed = dataclasses.replace(link, id="other", state=ConnectionState.FAILED)
    tell(tracker, live, [*facts, type(facts[2])(closed, None)])
    assert tracker.connections(live.meeting_id) == [(link, person)]
    assert tracker.connections("unknown") == []


async def test_people_and_sessions_are_found(tracker: Tracker):
    live, person, _, facts = occupied(meeting(), user_id="user_01")
    tell(tracker, live, facts)
    assert tracker.participant(person.id) == person
    assert tracker.participant("nobody") is None
    assert tracker.session(live.id).session == live
    assert tracker.session("none") is None
    assert tracker.live_session("none") is None
    assert tracker.was_here(live.meeting_id, "user_01")
    assert tracker.was_here(live.meeting_id, person.id)
    assert not tracker.was_here(live.meeting_id, "user_02")
    assert not tracker.was_here("none", "user_01")
    assert tracker.counts()[SessionState.LIVE] == 1
    assert [one.session for one in tracker.live()] == [live]
