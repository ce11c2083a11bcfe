"""Object storage by obstore: S3 and what speaks like it, Google, Azure, a directory, memory."""

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import obstore
from obstore import exceptions
from obstore.store import from_url

from server.storage.objects import ObjectFacts, ObjectStorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

PART_BYTES = 8 << 20
"""Larger files go up in parts of this size; S3 wants 5 MiB at least and 10,000 parts at most."""
PARTS_AT_ONCE = 2
REMOVED_AT_ONCE = 1000
"""What one request of S3 deletes at most."""
REQUEST_RETRIES = 2
"""Of single requests, inside obstore; whole files are tried again by whoever asks for them."""
_DENIED = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)


class ObstoreObjects:
    """Satisfies `ObjectStorage`.

    Args:
        store: Any store of obstore.
    """

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def put(self, key: str, source: Path) -> None:
        """Store a file's content, in pieces."""
        with _told():
            _ = await obstore.put_async(
                self._store, key, source, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )

    async def facts(self, key: str) -> ObjectFacts | None:
        """What is stored under a key."""
        with _told():
            try:
                meta = await obstore.head_async(self._store, key)
            except FileNotFoundError:
                return None
        return ObjectFacts(meta["size"], meta["e_tag"], meta["last_modified"])

    async def read(self, key: str, offset: int, count: int, version: str | None) -> bytes:
        """Some bytes of an object."""
        options: obstore.GetOptions = {"range": (offset, offset + count)}
        if version is not None:
            options["if_match"] = version
        with _told():
            try:
                result = await obstore.get_async(self._store, key, options=options)
                return bytes(await result.bytes_async())
            except FileNotFoundError as error:
                raise FileNotFoundError("there is no such object") from error

    async def remove(self, folder: str) -> None:
        """Remove every object beneath a folder."""
        with _told():
            async for batch in obstore.list(self._store, f"{folder}/", chunk_size=REMOVED_AT_ONCE):
                paths = [meta["path"] for meta in batch]
                if paths:
                    await obstore.delete_async(self._store, paths)

    async def check(self) -> None:
        """Find out whether the storage answers and lets us in."""
        with _told():
            _ = await obstore.list_with_delimiter_async(self._store, "check")


def open_objects(
    url: str, options: Mapping[str, str], *, allow_http: bool, timeout_seconds: float
) -> ObstoreObjects:
    """Object storage at an address such as `s3://bucket/prefix`; nothing is asked of it yet.

    Args:
        url: `s3://`, `gs://`, `az://`, `file:///` or `memory:///`.
        options: The store's own, such as `endpoint`; what is missing comes from the environment.
        allow_http: Speak without TLS where the endpoint says so.
        timeout_seconds: The longest that one request may take.

    Raises:
        ValueError: An address or option that means nothing to obstore.
    """
    client: ClientConfig = {
        "allow_http": allow_http,
        "timeout": timedelta(seconds=timeout_seconds),
    }
    retries: RetryConfig = {"max_retries": REQUEST_RETRIES}
    try:
        if url.startswith(("file:", "memory:")):
            return ObstoreObjects(from_url(url))
        if url.startswith("s3:"):
            config = cast("S3Config", dict(options))
            return ObstoreObjects(
                from_url(url, config=config, client_options=client, retry_config=retries)
            )
        return ObstoreObjects(from_url(url, client_options=client, retry_config=retries))
    except (exceptions.BaseError, OSError) as error:
        raise ValueError(_first_line(error)) from error


@contextmanager
def _told() -> "Iterator[None]":
    try:
        yield
    except _DENIED as error:
        raise ObjectStorageError("object_storage_denied", _first_line(error)) from error
    except exceptions.PreconditionError as error:
        raise ObjectStorageError("object_differs", "the object was changed") from error
    except exceptions.BaseError as error:
        raise ObjectStorageError("object_storage_unavailable", _first_line(error)) from error


def _first_line(error: Exception) -> str:
    """What obstore says before it goes into its own depths; no answer's body comes with it."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
