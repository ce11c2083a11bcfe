import asyncio
import dataclasses
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs
from support.wait import until

from server.http.download import disposition, send
from server.http.middleware import map_errors
from server.services.views import StoredFile
from server.storage.files import LocalReader
from server.storage.objects import ObjectStorageError

CONTENT = bytes(range(256)) * 3000  # larger than one piece


def stored(path: Path, size: int = len(CONTENT)) -> StoredFile:
    return StoredFile(
        content_type="audio/ogg; codecs=opus",
        etag='"tag"',
        filename="Zoë.ogg",
        modified=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        size=size,
        opener=lambda: LocalReader.open(lambda: path.open("rb")),
    )


@pytest.fixture
async def fetch(tmp_path: Path, aiohttp_client):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    state = {"file": stored(path)}

    async def handler(request: web.Request) -> web.StreamResponse:
        return await send(request, state["file"], attachment=False)

    application = web.Application(middlewares=[map_errors])
    application.router.add_get("/", handler)
    client = await aiohttp_client(application)
    client.state, client.path = state, path
    return client


async def test_large_file_comes_whole(fetch) -> None:
    answer = await fetch.get("/")
    assert (answer.status, await answer.read()) == (200, CONTENT)
    assert answer.headers["Content-Type"] == "audio/ogg; codecs=opus"


async def test_range_across_pieces_is_exact(fetch) -> None:
    answer = await fetch.get("/", headers={"Range": "bytes=100-600000"})
    assert (answer.status, await answer.read()) == (206, CONTENT[100:600_001])


async def test_file_that_is_gone_is_told_so(fetch) -> None:
    fetch.path.unlink()
    answer = await fetch.get("/")
    assert (answer.status, (await answer.json())["code"]) == (410, "file_gone")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ObjectStorageError("object_differs", "x"), (503, "object_differs")),
        (FileNotFoundError(), (410, "file_gone")),
    ],
)
async def test_storage_that_fails_is_told_before_any_byte(fetch, error, expected) -> None:
    class Reader:
        closed = False

        async def read(self, offset: int, count: int) -> bytes:
            raise error

        def close(self) -> None:
            self.closed = True

    reader = Reader()

    async def opener() -> Reader:
        return reader

    fetch.state["file"] = dataclasses.replace(fetch.state["file"], opener=opener)
    answer = await fetch.get("/")
    assert (answer.status, (await answer.json())["code"]) == expected
    assert reader.closed


@pytest.mark.parametrize(
    "error",
    [ObjectStorageError("object_storage_unavailable", "x"), FileNotFoundError(), OSError()],
)
async def test_storage_that_fails_in_the_middle_breaks_off(fetch, error) -> None:
    class Reader:
        async def read(self, offset: int, count: int) -> bytes:
            if offset:
                raise error
            return CONTENT[:count]

        def close(self) -> None:
            pass

    async def opener() -> Reader:
        return Reader()

    fetch.state["file"] = dataclasses.replace(fetch.state["file"], opener=opener)
    reader, writer = await asyncio.open_connection(fetch.host, fetch.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    with capture_logs() as logs:
        async with asyncio.timeout(5):
            _, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert logs == []
    assert body == CONTENT[: len(body)]  # no other answer in the middle of the file


async def test_file_that_is_too_short_breaks_off(fetch) -> None:
    fetch.state["file"] = stored(fetch.path, len(CONTENT) + 1)
    answer = await fetch.get("/")
    with pytest.raises(ClientPayloadError):
        await answer.read()


async def test_a_cancelled_request_leaves_no_open_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    opened: list[BinaryIO] = []
    may_open = threading.Event()

    def opener() -> BinaryIO:
        may_open.wait(10)
        opened.append(path.open("rb"))
        return opened[0]

    file = dataclasses.replace(stored(path), opener=lambda: LocalReader.open(opener))
    request = make_mocked_request("GET", "/")
    sending = asyncio.create_task(send(request, file, attachment=False))
    await asyncio.sleep(0)  # it waits for the file now
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    may_open.set()
    await until(lambda: opened and opened[0].closed)
    assert opened[0].closed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.ogg", 'inline; filename="a.ogg"'),
        ("Zoë.ogg", "inline; filename=\"Zo_.ogg\"; filename*=UTF-8''Zo%C3%AB.ogg"),
        ('a"b\r\n.ogg', "inline; filename=\"a_b__.ogg\"; filename*=UTF-8''a%22b%0D%0A.ogg"),
        ("../x", "inline; filename=\".._x\"; filename*=UTF-8''..%2Fx"),
    ],
)
def test_names_are_safe_in_a_header(name: str, expected: str) -> None:
    assert disposition(name, attachment=False) == expected
    assert disposition(name, attachment=True).startswith("attachment; ")
