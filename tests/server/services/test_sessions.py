import asyncio
import dataclasses

import pytest
from support.domain import NOW, entries, meeting, occupied

from server.services import sessions as module
from server.services.context import App
from signaling.errors import Refused
from signaling.ids import new_id
from signaling.log import SessionChanged
from signaling.model import EndReason, SessionState


def tell(app: App, of, facts, first=1):
    for entry in entries(of, facts, first):
        app.tracker.append(entry)


def ended(live):
    return dataclasses.replace(live, state=SessionState.ENDED, ended_at=NOW, reason=EndReason.EMPTY)


async def code_of(awaitable) -> str:
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value.code


async def test_a_live_session_comes_from_memory(app: App):
    live, person, link, facts = occupied(meeting())
    tell(app, live, facts)
    view = app.sessions.live(live.meeting_id)
    assert view.session == live
    assert await app.sessions.get(live.id) == view
    assert view.participants[0].participant == person
    assert view.participants[0].connections == (link,)
    assert app.sessions.live(new_id()) is None


async def test_an_ended_session_comes_from_storage_the_moment_it_ends(app: App):
    live, person, link, facts = occupied(meeting())
    tell(app, live, [*facts, SessionChanged(ended(live))])
    view = await app.sessions.get(live.id)
    assert view.session == ended(live)
    assert [(p.participant, p.connections) for p in view.participants] == [(person, (link,))]


@pytest.mark.parametrize("name", ["", "x", "01a1f919-8d0c-7305-9a89-1c6097e42d2e"])
async def test_unknown_sessions_are_not_found(app: App, name: str):
    assert await code_of(app.sessions.get(name)) == "session_not_found"
    assert await code_of(app.sessions.events(name, after=0, limit=9)) == "session_not_found"


async def test_lists_hold_live_and_ended_ones(app: App):
    one, _, _, facts = occupied(meeting())
    two, _, _, more = occupied(meeting())
    tell(app, one, [*facts, SessionChanged(ended(one))])
    tell(app, two, more)
    page = await app.sessions.page(account="default", limit=1)
    rest = await app.sessions.page(account="default", cursor=page.next_cursor)
    assert [view.session for view in (*page.items, *rest.items)] == [two, ended(one)]
    only = await app.sessions.page(account="default", state=SessionState.ENDED)
    assert [view.session.id for view in only.items] == [one.id]
    mine = await app.sessions.page(account="default", meeting=two.meeting_id)
    assert [view.session.id for view in mine.items] == [two.id]
    assert (await app.sessions.page(account="default", member="nobody")).items == ()


async def test_a_listed_live_session_is_as_fresh_as_memory(app: App):
    live, _, _, facts = occupied(meeting())
    tell(app, live, facts)
    await app.tracker.flush()
    tell(app, live, facts[2:], first=4)
    (view,) = (await app.sessions.page(account="default")).items
    assert view == app.sessions.live(live.meeting_id)


async def test_events_are_there_as_soon_as_they_happened(app: App):
    live, _, _, facts = occupied(meeting())
    tell(app, live, facts)
    events = await app.sessions.events(live.id, after=1, limit=10)
    assert [event.sequence for event in events] == [2, 3]
    assert await app.sessions.events(live.id, after=3, limit=10) == []
    every = await app.sessions.events_of_account("default", after=0, limit=10)
    assert [event.position for event in every] == [1, 2, 3]


async def test_a_stream_joins_stored_events_without_a_hole(app: App):
    live, _, _, facts = occupied(meeting())
    tell(app, live, facts[:2])
    stream = app.sessions.subscribe(live.id, account="default")
    tell(app, live, facts[2:], first=3)
    stored = await app.sessions.events(live.id, after=0, limit=10)
    assert (await anext(stream)) == stored[2]
    stream.close()


async def test_a_slow_database_delays_history_and_not_readers(app: App, monkeypatch):
    live, _, _, facts = occupied(meeting())
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.01)

    async def stuck(_entries):
        await asyncio.Event().wait()

    write = app.storage.write_facts
    monkeypatch.setattr(app.storage, "write_facts", stuck)
    tell(app, live, facts)
    assert (await app.sessions.page(account="default")).items == ()
    assert app.sessions.live(live.meeting_id) is not None
    monkeypatch.setattr(app.storage, "write_facts", write)
