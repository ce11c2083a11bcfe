"""The API's description as `/openapi.json` and as a page that works without the internet."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic_core import to_json

from server.http.openapi import Json

_FOLDER = Path(__file__).with_name("docs_page")
_DOCUMENT = "/openapi.json"
_FILES = {
    "/docs": ("index.html", "text/html; charset=utf-8"),
    "/docs/docs.css": ("docs.css", "text/css; charset=utf-8"),
    "/docs/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
}

Handler = Callable[[web.Request], Coroutine[Any, Any, web.Response]]


class ApiDocs:
    """Document and page, made once when the server starts.

    Args:
        document: Writes the OpenAPI document.
    """

    def __init__(self, document: Callable[[], Json]) -> None:
        self._document = document
        self._answers: dict[str, tuple[bytes, str]] = {}

    def mount(self, application: web.Application) -> None:
        """Add the routes, filled when the application starts."""
        application.on_startup.append(self._load)
        for path in (_DOCUMENT, *_FILES):
            application.router.add_get(path, self._constant(path))

    async def _load(self, _: web.Application) -> None:
        self._answers = await asyncio.to_thread(self._read)

    def _read(self) -> dict[str, tuple[bytes, str]]:
        files = {
            path: ((_FOLDER / name).read_bytes(), kind) for path, (name, kind) in _FILES.items()
        }
        return {_DOCUMENT: (to_json(self._document()), "application/json"), **files}

    def _constant(self, path: str) -> Handler:
        async def answer(_: web.Request) -> web.Response:
            body, kind = self._answers[path]
            return web.Response(
                body=body, headers={"Content-Type": kind, "Cache-Control": "no-cache"}
            )

        return answer
