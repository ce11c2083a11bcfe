"""The API's description as `/openapi.json` and as a page that works without the internet."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic_core import to_json

from server.http.openapi import Json

_FOLDER = Path(__file__).with_name("docs_page")
_FILES = {
    "/docs": ("index.html", "text/html"),
    "/docs/docs.css": ("docs.css", "text/css"),
    "/docs/docs.js": ("docs.js", "text/javascript"),
}

Handler = Callable[[web.Request], Coroutine[Any, Any, web.Response]]


def add_docs(application: web.Application, document: Json) -> None:
    """Serve the document and its page; both are read once."""
    answers = {"/openapi.json": (to_json(document), "application/json")}
    for path, (name, kind) in _FILES.items():
        answers[path] = ((_FOLDER / name).read_bytes(), kind)
    for path, (body, kind) in answers.items():
        application.router.add_get(path, _constant(body, kind))


def _constant(body: bytes, kind: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"}
        if kind == "application/json":
            headers["Content-Type"] = kind
        return web.Response(body=body, headers=headers)

    return answer
