"""Files beneath one root directory: opened step by step by descriptor, following no link.

Names are made by this server; text from users never forms one. What is not awaited blocks: threads.
"""

import asyncio
import contextlib
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Size in bytes and time of the last change."""

    size: int
    modified: datetime


class FileReader(Protocol):
    """A file that is open for reading, here or elsewhere."""

    async def read(self, offset: int, count: int) -> bytes:
        """Some bytes; fewer at the end, none beyond it."""
        ...

    def close(self) -> None:
        """Let go of it."""


class LocalReader:
    """A file on the local disk, read in threads.

    Args:
        file: Open for reading; closed with this.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    async def open(cls, opener: Callable[[], BinaryIO]) -> "LocalReader":
        """Open off the loop; who is cancelled meanwhile leaves no open file behind.

        Raises:
            FileNotFoundError: There is none.
        """
        opening = asyncio.get_running_loop().run_in_executor(None, opener)
        try:
            return cls(await asyncio.shield(opening))
        except asyncio.CancelledError:
            opening.add_done_callback(_close_late)
            raise

    async def read(self, offset: int, count: int) -> bytes:
        """Some bytes."""
        return await asyncio.to_thread(self._read, offset, count)

    def _read(self, offset: int, count: int) -> bytes:
        _ = self._file.seek(offset)
        return self._file.read(count)

    def close(self) -> None:
        """Let go of it: of a file that was only read there is nothing to wait for."""
        self._file.close()


def _close_late(opening: "asyncio.Future[BinaryIO]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


class LocalFiles:
    """One directory for each recording beneath a root.

    Args:
        root: Made on demand, mode 0700.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self, folder: str) -> Path:
        """A new empty directory.

        Raises:
            OSError: It exists, or cannot be made.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.root / _plain(folder)
        path.mkdir(mode=0o700)
        return path

    def path(self, folder: str, name: str | None = None) -> Path:
        """Where a directory or file lies."""
        path = self.root / _plain(folder)
        return path / _plain(name) if name is not None else path

    def facts(self, folder: str, name: str) -> FileFacts:
        """What the file system says about a file.

        Raises:
            FileNotFoundError: There is none, or it is not a plain file.
        """
        with self.open(folder, name) as file:
            about = os.fstat(file.fileno())
            return FileFacts(about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open for reading.

        Raises:
            FileNotFoundError: There is none, it is a link or not a plain file.
        """
        with contextlib.ExitStack() as stack:
            try:
                root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                stack.callback(os.close, root)
                inner = os.open(_plain(folder), _DIRECTORY, dir_fd=root)
                stack.callback(os.close, inner)
                fd = os.open(_plain(name), _FILE, dir_fd=inner)
            except (OSError, ValueError) as error:
                raise FileNotFoundError("there is no such file") from error
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise FileNotFoundError("there is no such file")
        return os.fdopen(fd, "rb")

    def names(self, folder: str) -> list[str]:
        """Plain files of a directory, sorted, without hidden ones (drafts of this server).

        Raises:
            FileNotFoundError: There is no such directory.
        """
        with os.scandir(self.path(folder)) as entries:
            plain = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        return sorted(name for name in plain if not name.startswith("."))

    def remove(self, folder: str) -> None:
        """Remove a directory with everything in it; idempotent.

        Raises:
            OSError: Something could not be removed.
        """
        path = self.root / _plain(folder)
        if path.is_symlink():
            path.unlink()
            return
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path)


def _plain(name: str) -> str:
    if not name or "/" in name or "\0" in name or name in (".", ".."):
        raise ValueError("a stored name has no path in it")
    return name
