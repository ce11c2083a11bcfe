"""Files beneath one root directory: opened step by step by descriptor, following no link.

Names are made by this server; text from users never forms one. Everything here blocks: threads.
"""

import contextlib
import os
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Size in bytes and time of the last change."""

    size: int
    modified: datetime


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
