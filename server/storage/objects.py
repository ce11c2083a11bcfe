"""The object storage port: where finished recordings go besides the local disk.

Keys are `<recording id>/<file name>`; both are made by this server.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from media.errors import RecordingError


class ObjectStorageError(RecordingError):
    """The object storage did not do what was asked.

    Args:
        code: `object_storage_unavailable`, `object_storage_denied` or `object_differs`.
        message: One sentence for a person.
    """


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What the storage says about an object.

    Attributes:
        size: Bytes.
        version: Changes whenever the content is written anew (an ETag); None where the storage
            tells none.
        modified: When it was written.
    """

    size: int
    version: str | None
    modified: datetime


class ObjectStorage(Protocol):
    """A bucket, or a part of one. Every method raises `ObjectStorageError`."""

    async def put(self, key: str, source: Path) -> None:
        """Store a file's content, in pieces; an object of that name is replaced as a whole."""

    async def facts(self, key: str) -> ObjectFacts | None:
        """What is stored under a key; None when there is nothing."""
        ...

    async def read(self, key: str, offset: int, count: int, version: str | None) -> bytes:
        """Some bytes of an object; fewer at its end.

        Args:
            key: The object.
            offset: The first byte, below the object's size.
            count: Bytes at most, 1 or more.
            version: Which content they must be of; None for any.

        Raises:
            FileNotFoundError: There is no such object.
            ObjectStorageError: `object_differs` when the content is another.
        """
        ...

    async def remove(self, folder: str) -> None:
        """Remove every object whose key begins with `folder/`; idempotent."""

    async def check(self) -> None:
        """Find out whether the storage answers and lets us in."""
