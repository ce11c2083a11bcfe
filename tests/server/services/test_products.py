import asyncio
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.domain import NOW
from support.wait import until

from media.errors import RecordingError
from media.recording import products as made
from server.config import ObjectStorageSettings
from server.services.archive import PRODUCTS, Archive
from server.services.products import FORMATS, ProductKind, Products, ProductState
from server.services.uploads import Uploads
from server.storage.files import LocalFiles
from signaling.errors import Refused
from signaling.ids import new_id

MIX = ProductKind.MIX


class Worker:
    """Work that is done when the test says so."""

    def __init__(self, directory: Path) -> None:
        self.asked: list[dict] = []
        self.closed = False
        self.go = asyncio.Event()
        self.directory = directory
        self.error: RecordingError | None = None

    async def run(self, request, progress):
        self.asked.append(request)
        progress(0.25)
        await self.go.wait()
        if self.closed or self.error:
            raise self.error or RecordingError("worker_died", "closed")
        path = Path(request["directory"], request["target"])
        await asyncio.to_thread(path.write_bytes, b"sound")
        return {"bytes": 5, "sha256": "ab" * 32, "duration_seconds": 2.5}

    async def close(self) -> None:
        self.closed = True
        self.go.set()


@pytest.fixture
async def recording_id(tmp_path: Path) -> str:
    recording_id = new_id()
    _ = await asyncio.to_thread(LocalFiles(tmp_path).make, recording_id)
    return recording_id


def uploads_at(root: Path) -> Uploads:
    archive = Archive(LocalFiles(root), None)
    return Uploads(None, archive, FakeClock(utc=NOW), ObjectStorageSettings())


@pytest.fixture
async def products(tmp_path: Path):
    def failed(name: str, error: BaseException) -> None:
        raise AssertionError(name) from error

    products = Products(uploads_at(tmp_path), FakeClock(utc=NOW), failed)
    products._workers = Worker(tmp_path)
    yield products
    await products.close()


async def state(products: Products, recording_id: str) -> list[ProductState]:
    return [one.state for one in (await products.of([recording_id]))[recording_id]]


def test_the_server_and_the_worker_know_the_same_formats():
    assert {kind.value: forms for kind, forms in FORMATS.items()} == made.FORMATS


async def test_a_product_is_queued_made_and_served(products: Products, recording_id: str):
    asked = await products.ask(recording_id, MIX, None)
    assert (asked.state, asked.format, asked.progress) == (ProductState.QUEUED, "ogg", 0)
    await until(lambda: products._progress.get(asked.id) == 0.25)
    (now,) = (await products.of([recording_id]))[recording_id]
    assert (now.state, now.progress) == (ProductState.RUNNING, 0.25)
    with pytest.raises(Refused) as refused:
        await products.file(recording_id, asked.id)
    assert refused.value.code == "file_not_ready"
    assert refused.value.data == {"state": "running", "progress": "0.250"}
    products._workers.go.set()
    await until(lambda: not products._scope._tasks)
    (done,) = (await products.of([recording_id]))[recording_id]
    assert (done.state, done.progress, done.bytes) == (ProductState.READY, 1.0, 5)
    file = await products.file(recording_id, asked.id)
    assert (file.filename, file.size, file.content_type) == ("mix.ogg", 5, "audio/ogg; codecs=opus")


async def test_asking_again_makes_nothing_new(products: Products, recording_id: str):
    first = await products.ask(recording_id, MIX, "wav")
    assert (await products.ask(recording_id, MIX, "wav")).id == first.id
    assert (await products.ask(recording_id, MIX, "ogg")).id != first.id
    assert len(products._workers.asked) <= 2


async def test_a_failed_one_says_why_and_may_be_tried_again(products, recording_id):
    products._workers.error = RecordingError("undecodable", "no")
    products._workers.go.set()
    first = await products.ask(recording_id, MIX, None)
    await until(lambda: not products._scope._tasks)
    (failed,) = (await products.of([recording_id]))[recording_id]
    assert (failed.state, failed.failure) == (ProductState.FAILED, "undecodable")
    products._workers.error = None
    again = await products.ask(recording_id, MIX, None)
    assert again.id != first.id
    await until(lambda: not products._scope._tasks)
    assert await state(products, recording_id) == [ProductState.READY]


async def test_a_restart_takes_up_what_was_not_finished(products, recording_id, tmp_path):
    asked = await products.ask(recording_id, ProductKind.STEMS, "zip")
    await until(lambda: products._workers.asked)
    await products.close()
    assert await state(products, recording_id) == [ProductState.QUEUED]
    later = Products(uploads_at(tmp_path), FakeClock(utc=NOW), lambda *_: None)
    later._workers = Worker(tmp_path)
    await later.resume()
    later._workers.go.set()
    await until(lambda: not later._scope._tasks)
    (done,) = (await later.of([recording_id]))[recording_id]
    assert (done.id, done.state) == (asked.id, ProductState.READY)
    await later.close()


async def test_unknown_formats_and_files_are_refused(products, recording_id):
    with pytest.raises(Refused) as refused:
        await products.ask(recording_id, MIX, "mp3")
    assert refused.value.code == "format_unsupported"
    with pytest.raises(Refused) as refused:
        await products.file(recording_id, new_id())
    assert refused.value.code == "file_not_found"


async def test_a_damaged_list_hurts_nobody(products, recording_id, tmp_path):
    _ = await asyncio.to_thread((tmp_path / recording_id / PRODUCTS).write_text, "{")
    assert await state(products, recording_id) == []
