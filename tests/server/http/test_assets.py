import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from support.webserver import Web

from server.http.assets import WebApp, find_web_app
from server.http.call import APP
from server.http.middleware import add_headers, map_errors, observe

PAGE = "<!doctype html><title>Roomtone</title>"
HTML = {"Accept": "text/html,*/*"}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    root = tmp_path / "dist"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text(PAGE)
    (root / "icon.svg").write_text("<svg/>")
    (root / "assets" / "app-1a2b.js").write_text("export {}")
    (root / "assets" / "link.js").symlink_to("/etc/passwd")
    (tmp_path / "secret.txt").write_text("hidden words")
    return root


@pytest.fixture
async def client(web: Web, dist: Path, aiohttp_client):
    application = _application(web, dist)
    return await aiohttp_client(application)


def _application(parts: Web, root: Path) -> web.Application:
    application = web.Application(middlewares=[observe, map_errors])
    application[APP] = parts.app
    application.on_response_prepare.append(add_headers)
    application.router.add_get("/{path:.*}", WebApp(lambda: root).serve)
    return application


@pytest.mark.parametrize("path", ["/", "/index.html", "/m/abc", "/recordings", "/recordings/x"])
async def test_every_screen_is_the_page_and_always_fresh(client, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status, await answer.text()) == (200, PAGE)
    assert answer.content_type == "text/html"
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_hashed_files_are_kept_for_good(client) -> None:
    answer = await client.get("/assets/app-1a2b.js")
    assert answer.content_type == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]


async def test_other_files_are_checked_each_time(client) -> None:
    answer = await client.get("/icon.svg")
    assert (answer.content_type, answer.headers["Cache-Control"]) == ("image/svg+xml", "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/assets/link.js",
        "/assets", "/assets/", "//etc/passwd", "/icon.svg%00", "/assets/nothing.js",
    ],
)  # fmt: skip
async def test_nothing_else_is_served(client, path: str) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())  # as it stands: a client library would tidy the path
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith(("HTTP/1.1 404 ", "HTTP/1.1 400 "))
    assert "hidden words" not in answer
    assert "root:" not in answer


async def test_person_who_is_lost_sees_the_app(client) -> None:
    answer = await client.get("/nowhere", headers=HTML)
    assert (answer.status, await answer.text()) == (404, PAGE)
    program = await client.get("/nowhere")
    assert program.content_type == "application/problem+json"


async def test_app_built_anew_is_noticed(client, dist: Path) -> None:
    assert (await client.get("/assets/new.js")).status == 404
    (dist / "assets" / "new.js").write_text("export {}")
    (dist / "index.html").unlink()
    missing = await client.get("/")
    assert (missing.status, "make setup" in await missing.text()) == (503, True)
    (dist / "index.html").write_text(PAGE)
    assert (await client.get("/assets/new.js")).status == 200


async def test_head_has_no_body(client) -> None:
    answer = await client.head("/")
    assert (answer.status, await answer.read()) == (200, b"")


def test_app_is_looked_for_in_wheel_and_checkout() -> None:
    assert find_web_app().as_posix().endswith(("server/_web", "web/dist"))
