import dataclasses

from server.storage.quality import QualityChunk
from server.storage.sql import SqlStorage


def chunk(**members) -> QualityChunk:
    defaults = {
        "session_id": "s1",
        "participant_id": "p1",
        "connection_id": "c1",
        "stream": "connection",
        "step": 1,
        "start": 600,
        "data": b"one",
    }
    return QualityChunk(**(defaults | members))


async def everything(storage: SqlStorage, session="s1", **members) -> list[QualityChunk]:
    return await storage.list_quality(session, **({"start": 0, "end": 10**9} | members))


async def test_chunks_come_back_in_order(storage: SqlStorage):
    later = chunk(start=660)
    await storage.save_quality([later, chunk()])
    assert await everything(storage) == [chunk(), later]


async def test_a_chunk_that_grew_replaces_itself(storage: SqlStorage):
    await storage.save_quality([chunk()])
    await storage.save_quality([chunk(data=b"more")])
    assert [one.data for one in await everything(storage)] == [b"more"]


async def test_only_what_is_asked_for_is_listed(storage: SqlStorage):
    other = chunk(participant_id="p2", connection_id="c2")
    await storage.save_quality([chunk(), other, chunk(session_id="s2")])
    assert await everything(storage, participant_id="p2") == [other]
    assert len(await everything(storage)) == 2


async def test_chunks_that_reach_into_the_time_belong_to_it(storage: SqlStorage):
    hour = chunk(step=60, start=0)
    tens = chunk(step=10, start=0)
    await storage.save_quality([hour, tens, chunk(start=660), chunk(start=720)])
    found = await everything(storage, start=719, end=720)
    assert {(one.step, one.start) for one in found} == {(60, 0), (1, 660)}


async def test_coarse_chunks_take_the_place_of_fine_ones(storage: SqlStorage):
    fine = [chunk(start=start) for start in (600, 660)]
    await storage.save_quality(fine)
    assert await storage.old_quality(1, 661, 10) == fine
    assert await storage.old_quality(1, 661, 1) == fine[:1]
    coarse = dataclasses.replace(fine[0], step=10)
    await storage.save_quality([coarse], instead=fine)
    assert await everything(storage) == [coarse]


async def test_old_chunks_are_dropped(storage: SqlStorage):
    await storage.save_quality([chunk(), chunk(start=660)])
    assert await storage.prune_quality(660) == 1
    assert [one.start for one in await everything(storage)] == [660]
