"""Where the files of recordings are: on the local disk, in object storage, or in both.

A small list beside the local files tells which of them are in object storage, so that nothing has
to be asked there to list recordings, and an upload goes on where it was when the server ended.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from media.recording.files import RecordingDirectory
from media.recording.manifest import MANIFEST
from server.services.recordings_outcome import no_file
from server.services.views import StoredFile
from server.storage.files import FileReader, LocalFiles, LocalReader
from server.storage.objects import ObjectStorage, ObjectStorageError
from signaling.errors import RefusalKind, Refused

LEDGER = "stored.json"
PRODUCTS = "products.json"
STAYING = (LEDGER, MANIFEST, PRODUCTS)
"""Small files that stay on the local disk: lists of recordings are made of them."""
_PIECE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file that is in object storage, seen whole there.

    Attributes:
        version: Of the content that was seen, where the storage tells one.
        modified: The local file's last change: its `Last-Modified` wherever it is.
    """

    bytes: int
    sha256: str
    version: str | None
    modified: datetime


_LEDGER: TypeAdapter[dict[str, StoredObject]] = TypeAdapter(dict[str, StoredObject])


class ObjectReader:
    """A file in object storage that is open for reading; holds nothing there."""

    def __init__(self, objects: ObjectStorage, key: str, stored: StoredObject) -> None:
        self._objects, self._key, self._stored = objects, key, stored

    async def read(self, offset: int, count: int) -> bytes:
        """Some bytes.

        Raises:
            FileNotFoundError: The object is gone.
            ObjectStorageError: It does not answer, or has another content now.
        """
        count = min(count, self._stored.bytes - offset)
        if count <= 0:
            return b""
        return await self._objects.read(self._key, offset, count, self._stored.version)

    def close(self) -> None:
        """Nothing is held."""


class Archive:
    """The files of recordings, wherever they are.

    Args:
        files: The local disk.
        objects: Object storage; None keeps everything local.
    """

    def __init__(self, files: LocalFiles, objects: ObjectStorage | None) -> None:
        self.files = files
        self.objects = objects

    def describe(self, folder: str, name: str, content_type: str, etag: str) -> StoredFile:
        """A file, ready to be served; blocks.

        Raises:
            Refused: `file_not_found` when it is neither here nor there, or
                `object_storage_unavailable` when nobody can say.
        """
        try:
            size, modified, opener = self._found(folder, name)
        except FileNotFoundError as error:
            raise no_file() from error
        except ObjectStorageError as error:
            raise Refused(
                RefusalKind.UNAVAILABLE, error.code, "Where this file is cannot be told."
            ) from error
        return StoredFile(content_type, etag, name, modified, size, opener)

    def _found(
        self, folder: str, name: str
    ) -> tuple[int, datetime, Callable[[], Awaitable[FileReader]]]:
        try:
            facts = self.files.facts(folder, name)
        except FileNotFoundError:
            stored = self._stored(folder, name)

            async def there() -> FileReader:
                return ObjectReader(self._connected(), f"{folder}/{name}", stored)

            return stored.bytes, stored.modified, there

        async def here() -> FileReader:
            try:
                return await LocalReader.open(lambda: self.files.open(folder, name))
            except FileNotFoundError:  # let go of since it was described
                stored = await asyncio.to_thread(self._stored, folder, name)
                return ObjectReader(self._connected(), f"{folder}/{name}", stored)

        return facts.size, facts.modified, here

    async def upload(self, folder: str) -> int:
        """Bring every local file of a recording into object storage, and see it whole there.

        What is there already, from a try before, is not sent again.

        Returns:
            The bytes sent.

        Raises:
            ObjectStorageError: Something could not be sent, or came back different.
            FileNotFoundError: The recording was deleted meanwhile.
        """
        ledger = await asyncio.to_thread(self._ledger, folder)
        sent = 0
        for name in await asyncio.to_thread(self.files.names, folder):
            if name == LEDGER:
                continue
            known = ledger.get(name)
            stored = await self._brought(folder, name, known)
            if stored != known:
                sent += stored.bytes
                ledger[name] = stored
                await asyncio.to_thread(self._write_ledger, folder, ledger)
        return sent

    async def _brought(self, folder: str, name: str, known: StoredObject | None) -> StoredObject:
        objects, key = self._connected(), f"{folder}/{name}"
        size, digest, modified = await asyncio.to_thread(self._measure, folder, name)
        if known is not None and (known.bytes, known.sha256) == (size, digest):
            facts = await objects.facts(key)
            if facts is not None and (facts.size, facts.version) == (size, known.version):
                return known
        await objects.put(key, self.files.path(folder, name))
        facts = await objects.facts(key)
        if facts is None or facts.size != size:
            raise ObjectStorageError("object_differs", f"{name} has not its length there")
        stored = StoredObject(size, digest, facts.version, modified)
        await self._check(ObjectReader(objects, key, stored), stored, name)
        return stored

    async def fetch(self, folder: str) -> int:
        """Bring the files of a recording back to the local disk; what is here already stays.

        Returns:
            The bytes fetched.

        Raises:
            ObjectStorageError: Something could not be fetched, or came back different.
            FileNotFoundError: An object is gone, or the recording.
        """
        ledger = await asyncio.to_thread(self._ledger, folder)
        here = set(await asyncio.to_thread(self.files.names, folder)) if ledger else set()
        fetched = 0
        for name, stored in ledger.items():
            if name not in here:
                await self._fetch_one(folder, name, stored)
                fetched += stored.bytes
        return fetched

    async def _fetch_one(self, folder: str, name: str, stored: StoredObject) -> None:
        reader = ObjectReader(self._connected(), f"{folder}/{name}", stored)
        place = await asyncio.to_thread(RecordingDirectory, self.files.path(folder))
        draft = f".{name}.part"
        try:
            fd = await asyncio.to_thread(place.scratch, draft)
            # A file, not a descriptor: who is cancelled waits for a write that a thread has begun,
            # which would else go into whatever has the number next.
            with os.fdopen(fd, "wb") as file:
                await self._check(reader, stored, name, file)
                await asyncio.to_thread(_settle, file, stored.modified)
            await asyncio.to_thread(place.rename, draft, name)
        finally:
            place.close()

    async def drop_local(self, folder: str) -> int:
        """Remove local files that are in object storage, unchanged; the bytes that were freed."""
        return await asyncio.to_thread(self._drop_local, folder)

    def _drop_local(self, folder: str) -> int:
        ledger, freed = self._ledger(folder), 0
        for name in self.files.names(folder):
            stored = ledger.get(name)
            if stored is None or name in STAYING:
                continue
            facts = self.files.facts(folder, name)
            if (facts.size, facts.modified) == (stored.bytes, stored.modified):
                self.files.path(folder, name).unlink()
                freed += facts.size
        return freed

    async def remove(self, folder: str) -> None:
        """Remove everything of a recording, there first and then here; idempotent.

        Raises:
            ObjectStorageError: Not removed there; nothing was removed here.
            OSError: Not removed here.
        """
        if self.objects is not None:
            await self.objects.remove(folder)
        await asyncio.to_thread(self.files.remove, folder)

    async def _check(
        self, reader: ObjectReader, stored: StoredObject, name: str, file: BinaryIO | None = None
    ) -> None:
        """Read an object whole, into a file where one is given; it must be what was sent."""
        digest, at = hashlib.sha256(), 0
        while piece := await reader.read(at, _PIECE_BYTES):
            await asyncio.to_thread(_take, digest.update, file, piece)
            at += len(piece)
        if at != stored.bytes or digest.hexdigest() != stored.sha256:
            raise ObjectStorageError("object_differs", f"{name} came back different")

    def _connected(self) -> ObjectStorage:
        if self.objects is None:
            raise ObjectStorageError("object_storage_unavailable", "no object storage is set up")
        return self.objects

    def _measure(self, folder: str, name: str) -> tuple[int, str, datetime]:
        facts = self.files.facts(folder, name)
        digest = hashlib.sha256()
        with self.files.open(folder, name) as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
        return facts.size, digest.hexdigest(), facts.modified

    def _stored(self, folder: str, name: str) -> StoredObject:
        stored = self._ledger(folder).get(name)
        if stored is None:
            raise FileNotFoundError("the file is neither here nor in object storage")
        return stored

    def _ledger(self, folder: str) -> dict[str, StoredObject]:
        try:
            with self.files.open(folder, LEDGER) as file:
                return _LEDGER.validate_json(file.read())
        except FileNotFoundError:
            return {}
        except ValidationError as error:
            raise ObjectStorageError(
                "object_storage_unavailable", f"{LEDGER} of {folder} cannot be read"
            ) from error

    def _write_ledger(self, folder: str, ledger: dict[str, StoredObject]) -> None:
        place = RecordingDirectory(self.files.path(folder))
        try:
            place.replace(LEDGER, _LEDGER.dump_json(ledger, indent=1) + b"\n")
        finally:
            place.close()


def _settle(file: BinaryIO, modified: datetime) -> None:
    """Bring a fetched file to the disk, as old as the one that was sent."""
    file.flush()
    os.fsync(file.fileno())
    moment = round(modified.timestamp() * 1e6) * 1000
    os.utime(file.fileno(), ns=(moment, moment))


def _take(update: Callable[[bytes], None], file: BinaryIO | None, piece: bytes) -> None:
    update(piece)
    if file is not None:
        _ = file.write(piece)
