from support.domain import meeting, occupied, placed

from server.storage.sql import SqlStorage
from server.storage.sql_sessions import _folded
from signaling.log import SessionDiscarded


def test_a_batch_comes_to_the_last_state_of_each_entity():
    live, _, link, facts = occupied(meeting())
    batch = _folded(placed(live, [*facts, facts[2]]))
    assert list(batch.connections) == [link.id]
    assert batch.sequences == {live.id: 4}
    assert len(batch.events) == 4


def test_rows_of_a_discarded_session_are_not_kept():
    live, _, _, facts = occupied(meeting())
    batch = _folded(placed(live, [*facts, SessionDiscarded(live)]))
    assert batch.kept(batch.events) == []
    assert batch.kept(batch.sessions.values(), "id") == []


async def test_a_discarded_session_may_never_have_been_written(storage: SqlStorage):
    live, _, _, facts = occupied(meeting())
    await storage.write_facts(placed(live, [*facts, SessionDiscarded(live)]))
    assert await storage.find_session(live.id) is None
    assert await storage.last_position() == 0


async def test_an_empty_batch_is_harmless(storage: SqlStorage):
    await storage.write_facts([])
    assert await storage.last_position() == 0
