import asyncio
import os
from pathlib import Path

import pytest

from server.services.archive import LEDGER, Archive
from server.storage.files import LocalFiles
from server.storage.object_store import ObstoreObjects, open_objects
from server.storage.objects import ObjectFacts, ObjectStorageError
from signaling.errors import Refused

FILES = {"001-ana.ogg": b"OggS" * 999, "manifest.json": b"{}", "empty.ogg": b""}


class Objects(ObstoreObjects):
    """In memory; counts what is put, and turns over a byte where told."""

    def __init__(self) -> None:
        memory = open_objects("memory:///", {}, allow_http=False, timeout_seconds=5)
        super().__init__(memory._store)
        self.put_keys: list[str] = []
        self.spoil: str | None = None
        self.short: str | None = None

    async def put(self, key: str, source: Path) -> None:
        self.put_keys.append(key)
        await super().put(key, source)

    async def facts(self, key: str) -> ObjectFacts | None:
        found = await super().facts(key)
        if found is not None and key == self.short:
            return ObjectFacts(found.size - 1, found.version, found.modified)
        return found

    async def read(self, key: str, offset: int, count: int, version: str | None) -> bytes:
        content = await super().read(key, offset, count, version)
        return content[:-1] + bytes([content[-1] ^ 1]) if key == self.spoil else content


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture
async def archive(tmp_path: Path, objects: Objects) -> Archive:
    archive = Archive(LocalFiles(tmp_path / "root"), objects)
    await asyncio.to_thread(_fill, archive)
    return archive


def _fill(archive: Archive) -> None:
    place = archive.files.make("rec")
    for name, content in FILES.items():
        (place / name).write_bytes(content)
    (place / ".draft.part").write_bytes(b"not done")
    os.utime(place / "001-ana.ogg", ns=(10**18, 10**18 + 123_456_789))


async def content(archive: Archive, name: str) -> bytes:
    file = await asyncio.to_thread(archive.describe, "rec", name, "audio/ogg", '"x"')
    opened = await file.open()
    try:
        return await opened.read(0, file.size + 9)
    finally:
        opened.close()


def names(archive: Archive) -> list[str]:
    return archive.files.names("rec")


async def test_every_file_is_brought_and_seen_whole(archive: Archive, objects: Objects):
    sent = await archive.upload("rec")
    assert sent == sum(map(len, FILES.values()))
    assert sorted(objects.put_keys) == sorted(f"rec/{name}" for name in FILES)


async def test_a_second_upload_sends_only_what_changed(archive: Archive, objects: Objects):
    _ = await archive.upload("rec")
    objects.put_keys.clear()
    assert await archive.upload("rec") == 0
    assert objects.put_keys == []
    _ = await asyncio.to_thread(archive.files.path("rec", "manifest.json").write_bytes, b"{ }")
    assert await archive.upload("rec") == 3
    assert objects.put_keys == ["rec/manifest.json"]


async def test_an_upload_goes_on_where_the_last_one_broke_off(archive: Archive, objects: Objects):
    objects.spoil = "rec/manifest.json"
    with pytest.raises(ObjectStorageError):
        _ = await archive.upload("rec")
    objects.spoil = None
    again = Archive(archive.files, objects)  # as after a restart
    objects.put_keys.clear()
    _ = await again.upload("rec")
    assert objects.put_keys == ["rec/manifest.json"]


async def test_what_vanished_there_is_brought_again(archive: Archive, objects: Objects):
    _ = await archive.upload("rec")
    await objects.remove("rec")
    objects.put_keys.clear()
    _ = await archive.upload("rec")
    assert len(objects.put_keys) == 3


@pytest.mark.parametrize("fault", ["spoil", "short"])
async def test_other_bytes_there_are_noticed_and_nothing_is_dropped(
    archive: Archive, objects: Objects, fault: str
):
    setattr(objects, fault, "rec/001-ana.ogg")
    with pytest.raises(ObjectStorageError) as refused:
        _ = await archive.upload("rec")
    assert refused.value.code == "object_differs"
    assert await archive.drop_local("rec") == 0
    assert "001-ana.ogg" in await asyncio.to_thread(names, archive)


async def test_a_file_is_the_same_wherever_it_is(archive: Archive):
    before = await asyncio.to_thread(archive.describe, "rec", "001-ana.ogg", "audio/ogg", '"x"')
    _ = await archive.upload("rec")
    assert await archive.drop_local("rec") == len(FILES["001-ana.ogg"])
    assert await asyncio.to_thread(names, archive) == ["manifest.json", LEDGER]
    there = await asyncio.to_thread(archive.describe, "rec", "001-ana.ogg", "audio/ogg", '"x"')
    assert there == before
    assert await content(archive, "001-ana.ogg") == FILES["001-ana.ogg"]
    assert await content(archive, "empty.ogg") == b""
    opened = await there.open()
    assert await opened.read(there.size, 5) == b""
    assert await archive.fetch("rec") == len(FILES["001-ana.ogg"])
    assert (
        await asyncio.to_thread(archive.describe, "rec", "001-ana.ogg", "audio/ogg", '"x"')
        == before
    )
    assert await content(archive, "001-ana.ogg") == FILES["001-ana.ogg"]
    assert await archive.fetch("rec") == 0


async def test_a_file_that_leaves_before_it_is_opened_is_read_there(archive: Archive):
    file = await asyncio.to_thread(archive.describe, "rec", "001-ana.ogg", "audio/ogg", '"x"')
    _ = await archive.upload("rec")
    _ = await archive.drop_local("rec")
    assert await (await file.open()).read(0, file.size) == FILES["001-ana.ogg"]
    await archive.remove("rec")
    with pytest.raises(FileNotFoundError):
        _ = await file.open()


async def test_a_file_that_changed_after_its_upload_stays(archive: Archive):
    _ = await archive.upload("rec")
    _ = await asyncio.to_thread(archive.files.path("rec", "001-ana.ogg").write_bytes, b"other")
    _ = await archive.drop_local("rec")
    assert await content(archive, "001-ana.ogg") == b"other"


async def test_what_comes_back_different_is_not_kept(archive: Archive, objects: Objects):
    _ = await archive.upload("rec")
    _ = await archive.drop_local("rec")
    objects.spoil = "rec/001-ana.ogg"
    with pytest.raises(ObjectStorageError):
        _ = await archive.fetch("rec")
    assert await asyncio.to_thread(names, archive) == ["manifest.json", LEDGER]


async def test_removing_takes_both_and_the_other_first(archive: Archive, objects: Objects):
    _ = await archive.upload("rec")

    async def down(_: str) -> None:
        raise ObjectStorageError("object_storage_unavailable", "down")

    works, objects.remove = objects.remove, down
    with pytest.raises(ObjectStorageError):
        await archive.remove("rec")
    assert await content(archive, "001-ana.ogg") == FILES["001-ana.ogg"]
    objects.remove = works
    await archive.remove("rec")
    assert await objects.facts("rec/001-ana.ogg") is None
    with pytest.raises(Refused) as refused:
        _ = await content(archive, "001-ana.ogg")
    assert refused.value.code == "file_not_found"


async def test_without_object_storage_everything_is_here(archive: Archive):
    alone = Archive(archive.files, None)
    assert await alone.fetch("rec") == 0
    with pytest.raises(ObjectStorageError):
        _ = await alone.upload("rec")
    _ = await archive.upload("rec")
    _ = await archive.drop_local("rec")
    with pytest.raises(ObjectStorageError):  # it was turned off later
        _ = await content(alone, "001-ana.ogg")
    await alone.remove("rec")
    assert not await asyncio.to_thread(archive.files.path("rec").exists)


async def test_a_list_that_cannot_be_read_stops_everything(archive: Archive):
    _ = await archive.upload("rec")
    _ = await asyncio.to_thread(archive.files.path("rec", LEDGER).write_text, "[")
    for work in (archive.upload, archive.fetch, archive.drop_local):
        with pytest.raises(ObjectStorageError):
            _ = await work("rec")
    with pytest.raises(Refused) as refused:  # it may be there
        _ = await asyncio.to_thread(archive.describe, "rec", "002-bo.ogg", "audio/ogg", '"x"')
    assert refused.value.code == "object_storage_unavailable"
