"""Serves the web app: hashed files for good, the page itself always fresh.

Only files found when looking through the app's directory can be served; no path is ever made of
what a client sent.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from server.http.problem import Problem

_PAGES = ("/m/", "/live", "/recordings", "/s/", "/sessions", "/meetings", "/settings")
_IMMUTABLE = "public, max-age=31536000, immutable"
_MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Roomtone</title>
<h1>The web app is not built</h1>
<p>This is a checkout: run <code>make setup</code> (or <code>npm run build</code> in
<code>web</code>), then load this page again. The API works: see its <a href="/docs">docs</a>.</p>
</html>
"""
# What browsers insist on; the operating system's table may be missing or odd.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def find_web_app() -> Path:
    """Where the built app is: inside the wheel, else beside the packages of a checkout."""
    server = Path(__file__).resolve().parents[1]
    shipped = server / "_web"
    return shipped if shipped.is_dir() else server.parent / "web" / "dist"


class WebApp:
    """The built web app as routes.

    Args:
        find: Tells the directory of `index.html`; it may appear, or change, while we serve.
    """

    def __init__(self, find: Callable[[], Path]) -> None:
        self._find = find
        self._files: dict[str, Path] = {}
        self._seen: int | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET that no other route wants.

        Raises:
            Problem: 404.
        """
        await self._refresh()
        path = unquote(request.path)
        file = self._files.get(path)
        if file is not None and path != "/index.html":
            return _file(file, immutable=path.startswith("/assets/"))
        if path in ("/", "/index.html") or path.startswith(_PAGES):
            return self._page(200)
        if _is_navigation(request):
            return self._page(404)
        raise Problem(404, "not_found", f"There is nothing at {path[:200]}.")

    def _page(self, status: int) -> web.StreamResponse:
        index = self._files.get("/index.html")
        if index is None:
            return web.Response(
                status=503 if status == 200 else status, text=_MISSING, content_type="text/html"
            )
        response = _file(index, immutable=False)
        response.set_status(status)
        response.headers["X-Robots-Tag"] = "noindex"  # what is behind a page is for who is invited
        return response

    async def _refresh(self) -> None:
        """Look through the directory again when the app was built anew."""
        seen, files = await asyncio.to_thread(_look, self._find, self._seen)
        if files is not None:
            self._seen, self._files = seen, files


def _look(find: Callable[[], Path], seen: int | None) -> tuple[int, dict[str, Path] | None]:
    """When the app was built, and its files if that was not seen before."""
    root = find()
    try:
        stamp = (root / "index.html").stat().st_mtime_ns
    except FileNotFoundError:
        stamp = 0
    return stamp, None if stamp == seen else _scan(root)


def _scan(root: Path) -> dict[str, Path]:
    return {
        f"/{path.relative_to(root).as_posix()}": path
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def _file(path: Path, *, immutable: bool) -> web.FileResponse:
    response = web.FileResponse(path)
    response.content_type = _TYPES.get(path.suffix, "application/octet-stream")
    if response.content_type.startswith(("text/", "application/json")):
        response.charset = "utf-8"
    response.headers["Cache-Control"] = _IMMUTABLE if immutable else "no-cache"
    return response


def _is_navigation(request: web.Request) -> bool:
    """A person followed a link: show the app's own "not found" page rather than JSON."""
    api = request.path.startswith(("/v1", "/api", "/openapi"))
    return not api and "text/html" in request.headers.get("Accept", "")
