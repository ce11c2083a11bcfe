"""Sends a stored file: headers from `ranges`, bytes from where it is kept, a piece at a time."""

from urllib.parse import quote

from aiohttp import web

from server.http.problem import Problem
from server.http.ranges import Plan, Representation, plan
from server.services.views import StoredFile
from server.storage.files import FileReader
from server.storage.objects import ObjectStorageError

_PIECE_BYTES = (
    512 * 1024
)  # one thread hop, or one request of object storage, for a minute of speech
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
        Problem: 410 when the file is gone, 503 when its storage does not answer.
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
    if request.method != "GET":
        await response.prepare(request)
        await response.write_eof()
        return response
    file, first = await _opened(stored, decided)
    try:
        await response.prepare(request)
        await _copy(file, response, first, decided.start, decided.length)
        await response.write_eof()
    finally:
        file.close()
    return response


async def _opened(stored: StoredFile, wanted: Plan) -> tuple[FileReader, bytes]:
    """The open file and its first piece: what hinders it is told before a status is sent."""
    try:
        file = await stored.open()
        try:
            return file, await file.read(wanted.start, min(wanted.length, _PIECE_BYTES))
        except BaseException:
            file.close()
            raise
    except FileNotFoundError as error:
        raise Problem(410, "file_gone", "The file is no longer where it was kept.") from error
    except ObjectStorageError as error:
        raise Problem(503, error.code, "The storage of this file does not answer.") from error


_SENTENCES = {
    "precondition_failed": "The file is not the one that If-Match or If-Unmodified-Since names.",
    "range_not_satisfiable": "The file has no bytes there.",
}


async def _copy(
    file: FileReader, response: web.StreamResponse, first: bytes, start: int, length: int
) -> None:
    """Write the bytes; a client that is slow holds one piece in memory, no more."""
    piece, left = first, length
    while True:
        await response.write(piece)
        left -= len(piece)
        if left <= 0:
            return
        try:
            piece = await file.read(start + length - left, min(left, _PIECE_BYTES))
        except (ObjectStorageError, OSError) as error:  # its answer would follow the bytes
            raise ConnectionResetError("stored file cannot be read on") from error
        if not piece:  # shorter than its row says: break off, so that nobody takes it for whole
            raise ConnectionResetError("stored file is shorter than recorded")


def disposition(filename: str, *, attachment: bool) -> str:
    """`Content-Disposition` (RFC 6266) with an ASCII name and, where that loses, a UTF-8 one."""
    kind = "attachment" if attachment else "inline"
    plain = "".join(char if char in _ASCII_NAME else "_" for char in filename) or "file"
    value = f'{kind}; filename="{plain}"'
    if plain != filename:
        value += f"; filename*=UTF-8''{quote(filename, safe='')}"
    return value
