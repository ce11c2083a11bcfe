from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientPayloadError, web

from server.http.download import disposition, send
from server.http.middleware import map_errors
from server.services.views import StoredFile

CONTENT = bytes(range(256)) * 3000  # larger than one piece


def stored(path: Path, size: int = len(CONTENT)) -> StoredFile:
    return StoredFile(
        path=path,
        content_type="audio/ogg; codecs=opus",
        etag='"tag"',
        filename="Zoë.ogg",
        modified=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        size=size,
        opener=lambda: path.open("rb"),
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


async def test_file_that_is_too_short_breaks_off(fetch) -> None:
    fetch.state["file"] = stored(fetch.path, len(CONTENT) + 1)
    answer = await fetch.get("/")
    with pytest.raises(ClientPayloadError):
        await answer.read()


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
