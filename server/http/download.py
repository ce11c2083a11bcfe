"""Sends a stored file: headers from `ranges`, bytes read in a worker thread, a piece at a time."""

import asyncio
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import web

from server.http.problem import Problem
from server.http.ranges import Representation, plan
from server.services.views import StoredFile

_PIECE_BYTES = 256 * 1024  # one thread hop for half a minute of speech
_ASCII_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ")


async def send(
    request: web.Request, stored: StoredFile, *, attachment: bool, store: bool = True
) -> web.StreamResponse:
    """Answer GET or HEAD for a stored file (RFC 9110 sections 13 and 14).

    Args:
        request: What is asked.
        stored: The file.
        attachment: Offer it to keep rather than to play.
        store: Whether the client's own cache may keep it.

    Raises:
        Problem: 410 when the file is gone from the disk.
    """
    what = Representation(stored.size, stored.etag, stored.modified)
    decided = plan(request.method, request.headers, what)
    headers = {
        **decided.headers,
        "Cache-Control": "private, no-transform" if store else "no-store, no-transform",
        "Content-Disposition": disposition(stored.filename, attachment=attachment),
    }
    if decided.status in (412, 416):
        code = "precondition_failed" if decided.status == 412 else "range_not_satisfiable"
        raise Problem(decided.status, code, _SENTENCES[code], headers=decided.headers)
    if decided.status == 304:
        return web.Response(status=304, headers=headers)
    response = web.StreamResponse(status=decided.status, headers=headers)
    response.headers["Content-Type"] = stored.content_type
    response.content_length = decided.length
    try:
        file = await _opened(stored)
    except FileNotFoundError as error:
        raise Problem(410, "file_gone", "The file is no longer on the server's disk.") from error
    try:
        await response.prepare(request)
        if request.method == "GET":
            await _copy(file, response, decided.start, decided.length)
        await response.write_eof()
    finally:
        file.close()  # of a file that was only read: nothing to wait for, nothing to interrupt
    return response


_SENTENCES = {
    "precondition_failed": "The file is not the one that If-Match or If-Unmodified-Since names.",
    "range_not_satisfiable": "The file has no bytes there.",
}


async def _opened(stored: StoredFile) -> BinaryIO:
    """Open off the loop; a request cancelled meanwhile leaves no open file behind."""
    opening = asyncio.get_running_loop().run_in_executor(None, stored.open)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_late)
        raise


def _close_late(opening: "asyncio.Future[BinaryIO]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def _copy(file: BinaryIO, response: web.StreamResponse, start: int, length: int) -> None:
    """Write the bytes; a client that is slow holds one piece in memory, no more."""
    left = length
    while left > 0:
        piece = await asyncio.to_thread(_read, file, start + length - left, min(left, _PIECE_BYTES))
        if not piece:  # shorter than its row says: break off, so that nobody takes it for whole
            raise ConnectionResetError("stored file is shorter than recorded")
        await response.write(piece)
        left -= len(piece)


def _read(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)


def disposition(filename: str, *, attachment: bool) -> str:
    """`Content-Disposition` (RFC 6266) with an ASCII name and, where that loses, a UTF-8 one."""
    kind = "attachment" if attachment else "inline"
    plain = "".join(char if char in _ASCII_NAME else "_" for char in filename) or "file"
    value = f'{kind}; filename="{plain}"'
    if plain != filename:
        value += f"; filename*=UTF-8''{quote(filename, safe='')}"
    return value
