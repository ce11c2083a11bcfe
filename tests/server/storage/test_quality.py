from itertools import pairwise

from server.storage.quality import STEPS, QualityChunk, QualityStore
from server.storage.sql import SqlStorage


async def test_storage_keeps_samples(storage: SqlStorage):
    async def needs(port: QualityStore) -> int:
        return await port.prune_quality(0)

    assert await needs(storage) == 0


def test_each_step_divides_the_next():
    assert [coarse % fine for fine, coarse in pairwise(STEPS)] == [0, 0]


def test_chunks_are_compared_by_value():
    chunk = QualityChunk("s", "p", "c", "connection", 1, 0, b"")
    assert chunk == QualityChunk("s", "p", "c", "connection", 1, 0, b"")
