"""Downloads by signed links: recordings, their tracks, chats, transcripts, summaries."""

import asyncio
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import IO, TypeVar

from aiohttp import web

from server.dialects.realtimekit.answers import KitError
from server.dialects.realtimekit.exports import chat_file
from server.dialects.realtimekit.kit import Kit
from server.dialects.realtimekit.transcripts import TYPES, summary_file, transcript_file
from server.http.download import disposition, send
from server.records import RecordingView
from server.services.context import App
from server.services.views import StoredFile

T = TypeVar("T")

_PIECE = 256 * 1024
_PIECE_SECONDS = 120.0
"""Longer than any storage tries: a thread never waits for a loop that has ended."""
_TEXTS: Mapping[str, Callable[[App, str, str], Awaitable[str]]] = {
    "chat": lambda app, session, _: chat_file(app, session),
    "summary": lambda app, session, _: summary_file(app, session),
    "transcript": transcript_file,
}
_OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


async def download(kit: Kit, request: web.Request) -> web.StreamResponse:
    """`GET /downloads/{kind}/{entity}/{name}`.

    Raises:
        KitError: 403 a link that is not ours or has expired, 404 what it named is gone.
    """
    kind, entity, name = (request.match_info[part] for part in ("kind", "entity", "name"))
    until, signature = request.query.get("expires", ""), request.query.get("signature", "")
    if not kit.links.good(kind, entity, name, until, signature):
        raise KitError(403, "This link is not valid or has expired")
    if kind in _TEXTS:
        return _text(await _TEXTS[kind](kit.app, entity, name), name)
    if kind == "track":
        recording_id, _, file_id = entity.partition(".")
        stored = await kit.app.recordings.file(recording_id, file_id)
        return await send(request, stored, attachment=True)
    view = await kit.app.recordings.get(entity)
    if not view.files:
        raise KitError(404, f"No file found with id {entity}")
    if len(view.files) == 1:
        stored = await kit.app.recordings.file(view.id, view.files[0].id)
        return await send(request, stored, attachment=True)
    return await _archive(kit, request, view, name)


def _text(text: str, name: str) -> web.Response:
    headers = {"Content-Disposition": disposition(name, attachment=True), **_OPEN_TO_ALL}
    kind = TYPES[name.rpartition(".")[2]]
    return web.Response(body=text.encode(), content_type=kind, headers=headers)


async def _archive(
    kit: Kit, request: web.Request, view: RecordingView, name: str
) -> web.StreamResponse:
    files = [await kit.app.recordings.file(view.id, entry.id) for entry in view.files]
    response = web.StreamResponse(
        headers={"Content-Disposition": disposition(name, attachment=True), **_OPEN_TO_ALL}
    )
    response.content_type = "application/zip"
    with tempfile.TemporaryFile() as packed:
        loop = asyncio.get_running_loop()
        response.content_length = await asyncio.to_thread(_pack, packed, files, loop)
        await response.prepare(request)
        while request.method == "GET" and (piece := await asyncio.to_thread(packed.read, _PIECE)):
            await response.write(piece)
        await response.write_eof()
    return response


def _pack(packed: IO[bytes], files: list[StoredFile], loop: asyncio.AbstractEventLoop) -> int:
    """Put files into an archive, as they are: they are compressed already; blocks."""
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for stored in files:
            with archive.open(stored.filename, "w") as target:
                for piece in _pieces(stored, loop):
                    target.write(piece)
    size = packed.tell()
    packed.seek(0)
    return size


def _pieces(stored: StoredFile, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """A file's content, read by the loop from where it is, for a thread."""

    def wait(work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(_PIECE_SECONDS)

    source, at = wait(stored.open()), 0
    try:
        while at < stored.size and (piece := wait(source.read(at, _PIECE))):
            yield piece
            at += len(piece)
    finally:
        source.close()
