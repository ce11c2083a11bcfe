import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import stamina
from support.clock import FakeClock
from support.domain import meeting, open_storage, recording, session
from support.wait import until

from server.config import ObjectStorageSettings
from server.records import RecordingPlace, RecordingView
from server.services.archive import Archive
from server.services.uploads import AGAIN_SECONDS, Uploads
from server.storage.files import LocalFiles
from server.storage.object_store import open_objects
from server.storage.objects import ObjectStorageError
from server.storage.sql import SqlStorage
from signaling.model import RecordingState

DOWN = ObjectStorageError("object_storage_unavailable", "down")


class Kit:
    """Recordings of one file each, beside object storage in memory."""

    def __init__(self, root: Path, storage: SqlStorage, clock: FakeClock) -> None:
        self.root, self.storage, self.clock = root, storage, clock
        self.objects = open_objects("memory:///", {}, allow_http=False, timeout_seconds=5)
        self.archive = Archive(LocalFiles(root), self.objects)
        self.uploads = self.another()

    def another(self) -> Uploads:
        """As after a restart."""
        settings = ObjectStorageSettings(url="s3://x", attempts=2, local_days=1)
        return Uploads(self.storage, self.archive, self.clock, settings)

    async def recording(self, **members: object) -> RecordingView:
        view = recording(session(meeting()), **members)
        await self.storage.save_recording(view)
        await asyncio.to_thread(self._fill, view.id)
        return view

    def _fill(self, recording_id: str) -> None:
        (self.archive.files.make(recording_id) / "001.ogg").write_bytes(b"OggS")

    async def now(self, view: RecordingView) -> RecordingView:
        found = await self.storage.find_recording(view.id)
        assert found is not None
        return found

    def local(self, view: RecordingView) -> bool:
        return self.archive.files.path(view.id, "001.ogg").exists()


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Kit]:
    storage = await open_storage(tmp_path)
    with stamina.set_testing(True, attempts=2, cap=True):
        yield Kit(tmp_path / "recordings", storage, FakeClock())
    await storage.stop()


async def test_what_is_scheduled_comes_there_and_stays_here_for_a_day(kit: Kit):
    view = await kit.recording()
    kit.uploads.schedule(view.id)
    assert kit.uploads.waiting == 1
    await kit.uploads.upload_due()
    await kit.uploads.drop_old()
    stored = await kit.now(view)
    assert (stored.place, stored.stored_at) == (RecordingPlace.STORED, kit.clock.utc())
    assert kit.uploads.waiting == 0
    assert await asyncio.to_thread(kit.local, view)
    kit.clock.advance(86_401)
    await kit.uploads.drop_old()
    assert (await kit.now(view)).place is RecordingPlace.MOVED
    assert not await asyncio.to_thread(kit.local, view)
    assert (kit.uploads.figures.stored, kit.uploads.figures.bytes_sent) == (1, 4)


async def test_a_storage_that_is_down_is_tried_again_later(kit: Kit, monkeypatch):
    view = await kit.recording(place=RecordingPlace.UPLOADING)
    works, tries = kit.objects.put, []

    async def down(key: str, source: Path) -> None:
        tries.append(key)
        raise DOWN

    monkeypatch.setattr(kit.objects, "put", down)
    kit.uploads.schedule(view.id)
    await kit.uploads.upload_due()
    failed = await kit.now(view)
    assert (failed.place, failed.upload_error) == (
        RecordingPlace.UPLOADING,
        "object_storage_unavailable",
    )
    assert (len(tries), kit.uploads.figures.failures) == (2, 2)
    assert kit.uploads.failing
    await kit.uploads.upload_due()
    assert len(tries) == 2  # not before its time
    monkeypatch.setattr(kit.objects, "put", works)
    kit.clock.advance(AGAIN_SECONDS)
    await kit.uploads.upload_due()
    stored = await kit.now(view)
    assert (stored.place, stored.upload_error) == (RecordingPlace.STORED, None)
    assert not kit.uploads.failing


async def test_a_short_fault_is_nobodys_business(kit: Kit, monkeypatch):
    view = await kit.recording()
    works = kit.objects.put

    async def once(key: str, source: Path) -> None:
        monkeypatch.setattr(kit.objects, "put", works)
        raise DOWN

    monkeypatch.setattr(kit.objects, "put", once)
    kit.uploads.schedule(view.id)
    await kit.uploads.upload_due()
    assert (await kit.now(view)).place is RecordingPlace.STORED


async def test_a_restart_takes_up_what_was_not_there(kit: Kit):
    waiting = await kit.recording(place=RecordingPlace.UPLOADING)
    old = await kit.recording()  # from before there was object storage
    running = await kit.recording(state=RecordingState.RECORDING)
    there = await kit.recording(place=RecordingPlace.MOVED)
    again = kit.another()
    task = asyncio.create_task(again.run())
    await until(lambda: again.figures.stored == 2)
    task.cancel()
    places = [(await kit.now(view)).place for view in (waiting, old, running, there)]
    assert places == [
        RecordingPlace.STORED,
        RecordingPlace.STORED,
        RecordingPlace.LOCAL,
        RecordingPlace.MOVED,
    ]


async def test_a_storage_that_refuses_us_is_told_at_the_start(kit: Kit, monkeypatch):
    async def denied() -> None:
        raise ObjectStorageError("object_storage_denied", "who are you")

    monkeypatch.setattr(kit.objects, "check", denied)
    task = asyncio.create_task(kit.uploads.run())
    await until(lambda: kit.uploads.failing)
    task.cancel()


async def test_the_loop_wakes_for_what_is_scheduled_and_made(kit: Kit):
    task = asyncio.create_task(kit.uploads.run())
    await asyncio.sleep(0)
    view = await kit.recording()
    kit.uploads.schedule(view.id)
    await until(lambda: kit.uploads.figures.stored == 1)
    mix = kit.archive.files.path(view.id, "mix.ogg")
    _ = await asyncio.to_thread(mix.write_bytes, b"OggSmix")
    await kit.uploads.changed(view.id)
    await until(lambda: kit.uploads.figures.stored == 2)
    assert await kit.objects.facts(f"{view.id}/mix.ogg") is not None
    task.cancel()


async def test_what_was_made_meanwhile_is_not_forgotten(kit: Kit, monkeypatch):
    view = await kit.recording()
    works = kit.archive.upload

    async def slow(folder: str) -> int:
        sent = await works(folder)
        kit.clock.advance(1)
        await kit.uploads.changed(folder)
        monkeypatch.setattr(kit.archive, "upload", works)
        return sent

    monkeypatch.setattr(kit.archive, "upload", slow)
    kit.uploads.schedule(view.id)
    await kit.uploads.upload_due()
    assert (await kit.now(view)).place is RecordingPlace.UPLOADING
    assert kit.uploads.waiting == 1
    await kit.uploads.upload_due()
    assert (await kit.now(view)).place is RecordingPlace.STORED


async def moved(kit: Kit) -> RecordingView:
    view = await kit.recording()
    kit.uploads.schedule(view.id)
    await kit.uploads.upload_due()
    kit.clock.advance(86_401)
    await kit.uploads.drop_old()
    return view


async def test_work_has_its_files_at_hand_and_they_stay_for_another_day(kit: Kit):
    view = await moved(kit)
    async with kit.uploads.at_hand(view.id):
        assert await asyncio.to_thread(kit.local, view)
        kit.clock.advance(200_000)
        await kit.uploads.drop_old()
        assert await asyncio.to_thread(kit.local, view)
    await kit.uploads.drop_old()
    assert not await asyncio.to_thread(kit.local, view)
    assert kit.uploads.figures.bytes_fetched == 4


async def test_files_that_cannot_be_fetched_are_an_error(kit: Kit):
    view = await moved(kit)
    await kit.objects.remove(view.id)
    with pytest.raises(ObjectStorageError):
        async with kit.uploads.at_hand(view.id):
            pytest.fail("not reached")


async def test_removing_ends_the_upload_first(kit: Kit, monkeypatch):
    view = await kit.recording()
    begun, works = asyncio.Event(), kit.objects.put

    async def slow(key: str, source: Path) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(kit.objects, "put", slow)
    kit.uploads.schedule(view.id)
    task = asyncio.create_task(kit.uploads.run())
    await begun.wait()
    await kit.uploads.remove(view.id)
    assert not await asyncio.to_thread(kit.archive.files.path(view.id).exists)
    monkeypatch.setattr(kit.objects, "put", works)
    other = await kit.recording()
    kit.uploads.schedule(other.id)  # and the loop goes on
    await until(lambda: kit.uploads.figures.stored == 1)
    task.cancel()


async def test_one_without_files_is_let_go(kit: Kit):
    view = recording(session(meeting()), ended_at=kit.clock.utc() - timedelta(days=1))
    await kit.storage.save_recording(view)
    kit.uploads.schedule(view.id)
    await kit.uploads.upload_due()
    assert kit.uploads.waiting == 0
    assert (await kit.now(view)).upload_error == "files_missing"


async def test_without_object_storage_nothing_happens(kit: Kit):
    alone = Uploads(
        kit.storage, Archive(kit.archive.files, None), kit.clock, ObjectStorageSettings()
    )
    view = await kit.recording()
    alone.schedule(view.id)
    await alone.changed(view.id)
    await alone.run()
    assert (alone.waiting, (await kit.now(view)).place) == (0, RecordingPlace.LOCAL)
    async with alone.at_hand(view.id):
        assert await asyncio.to_thread(kit.local, view)
