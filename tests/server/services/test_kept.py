import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.domain import meeting, open_storage, recording, recording_file, session

from server.config import ObjectStorageSettings
from server.records import RecordingView
from server.services.archive import Archive
from server.services.kept import KeptRecordings
from server.services.products import Products
from server.services.uploads import Uploads
from server.storage.files import LocalFiles
from server.storage.objects import ObjectStorageError
from signaling.errors import Refused
from signaling.ids import new_id


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[KeptRecordings]:
    storage, clock = await open_storage(tmp_path), FakeClock()
    uploads = Uploads(
        storage, Archive(LocalFiles(tmp_path / "r"), None), clock, ObjectStorageSettings()
    )
    products = Products(uploads, clock, lambda *_: None)
    yield KeptRecordings(storage, uploads, products, clock)
    await products.close()
    await storage.stop()


async def one(kept: KeptRecordings, **members: object) -> RecordingView:
    view = recording(session(meeting()), **members)
    view = RecordingView(
        **{name: getattr(view, name) for name in view.__slots__}
        | {"files": (recording_file(view.id, bytes=7), recording_file(view.id, bytes=8))}
    )
    await kept._store.save_recording(view)
    _ = await asyncio.to_thread(kept.uploads.archive.files.make, view.id)
    return view


async def test_a_deleted_one_leaves_a_tombstone_and_nothing_else(kept: KeptRecordings):
    view = await one(kept, ended_at=FakeClock().utc())
    await kept.remove(view, "ana", "request")
    stone = await kept.tombstone(view.id)
    assert stone is not None
    assert (stone.files, stone.bytes, stone.deleted_by, stone.why) == (2, 15, "ana", "request")
    assert (stone.meeting_id, stone.deleted_at) == (view.meeting_id, kept._clock.utc())
    assert not await asyncio.to_thread(kept.uploads.archive.files.path(view.id).exists)
    assert await kept._store.find_recording(view.id) is None
    assert await kept.tombstone(new_id()) is None
    assert await kept.tombstone("../x") is None


async def test_tombstones_come_in_pages(kept: KeptRecordings):
    views = [await one(kept) for _ in range(3)]
    for view in views:
        await kept.retire(view)
    first = await kept.tombstones("default", None, 2)
    rest = await kept.tombstones("default", first.next_cursor, 2)
    assert [stone.id for stone in (*first.items, *rest.items)] == [
        view.id for view in reversed(views)
    ]
    assert rest.next_cursor is None
    assert (await kept.tombstones("other", None, 2)).items == ()


async def test_a_held_one_is_refused_until_it_is_released(kept: KeptRecordings):
    view = await one(kept)
    held = await kept.hold(view, "ana", "case 7")
    kept._clock.advance(60)
    assert await kept.hold(held, "bo", "other") is held
    with pytest.raises(Refused) as refused:
        await kept.remove(held, "bo", "request")
    assert refused.value.code == "recording_held"
    with pytest.raises(OSError, match="held"):  # retention goes on with the next one
        await kept.retire(held)
    assert await kept._store.find_recording(view.id) == held
    free = await kept.release(held, "ana")
    await kept.remove(free, "bo", "request")
    assert await kept._store.find_recording(view.id) is None


async def test_storage_that_fails_keeps_everything(kept: KeptRecordings, monkeypatch):
    view = await one(kept)

    async def down(_: str) -> None:
        raise ObjectStorageError("object_storage_unavailable", "down")

    monkeypatch.setattr(kept.uploads, "remove", down)
    with pytest.raises(ObjectStorageError):
        await kept.remove(view, None, "request")
    with pytest.raises(OSError, match="down"):
        await kept.retire(view)
    assert await kept._store.find_recording(view.id) == view
    assert await kept.tombstone(view.id) is None


async def test_pages_are_filtered(kept: KeptRecordings):
    view = await one(kept)
    page = await kept.page(account="default", until=view.started_at + timedelta(seconds=1))
    assert [item.id for item in page.items] == [view.id]
    assert (await kept.page(account="default", session=new_id())).items == ()
    with pytest.raises(Refused):
        _ = await kept.page(account="default", cursor="x")
