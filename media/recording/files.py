"""Files of a recording beneath one directory, opened by descriptor and only ever appended to.

Text from users never forms a path; blocking, for the writer thread only.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND | os.O_CLOEXEC


def slug(label: str) -> str:
    """A display name as a decoration of file names: `[a-z0-9-]{1,32}`."""
    plain = unicodedata.normalize("NFKD", label[:200]).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", plain)[:32].strip("-") or "p"


def error_code(error: OSError) -> str:
    """The stable code for a failed write."""
    if error.errno in _FULL:
        return "disk_full"
    return "directory_not_writable" if error.errno in (errno.EROFS, errno.EACCES) else "write_error"


class RecordingDirectory:
    """A directory held open, so that renaming its parents or planting links moves nothing.

    Args:
        path: Exists already.

    Raises:
        OSError: It cannot be opened, or its last part is a symbolic link.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def lock(self) -> bool:
        """Be the only one that changes it until it is closed; False when somebody else is.

        The lock ends with the process too, so a crash leaves none behind.
        """
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def create(self, name: str) -> "AppendFile":
        """A new empty file.

        Raises:
            OSError: It exists, or cannot be made.
        """
        return AppendFile(os.open(_plain(name), _CREATE, 0o600, dir_fd=self._fd))

    def replace(self, name: str, content: bytes) -> None:
        """Write a whole file, so that a reader sees the old one or the new one, also after a crash.

        Raises:
            OSError: It cannot be written; the old one stays.
        """
        temporary = f".{_plain(name)}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=self._fd)
        file = AppendFile(os.open(temporary, _CREATE, 0o600, dir_fd=self._fd))
        try:
            file.append(content)
            file.sync()
        finally:
            file.close()
        os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        self.sync()

    def open(self, name: str, flags: int) -> int:
        """A descriptor of an existing file that is no symbolic link.

        Raises:
            OSError: It cannot be opened.
        """
        return os.open(_plain(name), flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._fd)

    @contextlib.contextmanager
    def opened(self, name: str, flags: int) -> Iterator[int]:
        """As `open`, and closed again.

        Raises:
            OSError: It cannot be opened.
        """
        fd = self.open(name, flags)
        try:
            yield fd
        finally:
            os.close(fd)

    def scratch(self, name: str) -> int:
        """A descriptor of a file to be made anew, for reading and writing.

        Raises:
            OSError: It cannot be made.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(_plain(name), flags, 0o600, dir_fd=self._fd)

    def remove(self, name: str) -> None:
        """Remove a file.

        Raises:
            OSError: It cannot be removed.
        """
        os.unlink(_plain(name), dir_fd=self._fd)

    def names(self) -> list[str]:
        """Names of everything in the directory, sorted."""
        return sorted(os.listdir(self._fd))  # noqa: PTH208  (a path could be swapped)

    def rename(self, name: str, to: str) -> None:
        """Rename within the directory.

        Raises:
            OSError: It cannot be renamed.
        """
        os.rename(_plain(name), _plain(to), src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def free_bytes(self) -> int:
        """Space that an ordinary user may still fill."""
        stat = os.fstatvfs(self._fd)
        return stat.f_bavail * stat.f_frsize

    def sync(self) -> None:
        """Let the directory's entries survive a power loss."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._fd)


class AppendFile:
    """A file that grows by whole pieces: a failed append leaves what was there before.

    Attributes:
        size: Bytes written.
        dirty: Whether something was written since the last sync.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._hash = hashlib.sha256()
        self.size = 0
        self.dirty = False

    @property
    def sha256(self) -> str:
        """Lower-case hex digest of everything written."""
        return self._hash.hexdigest()

    def append(self, data: bytes) -> None:
        """Write all of it or nothing.

        Raises:
            OSError: Nothing was added.
        """
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError:
            with contextlib.suppress(OSError):  # recovery cuts the torn page if this fails too
                os.ftruncate(self._fd, self.size)
            raise
        self.size += len(data)
        self._hash.update(data)
        self.dirty = True

    def sync(self) -> None:
        """Bring the content to the disk.

        Raises:
            OSError: The kernel could not; what it lost is unknown.
        """
        if self.dirty:
            os.fdatasync(self._fd)
            self.dirty = False

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def _plain(name: str) -> str:
    if not name or "/" in name or "\0" in name or name in (".", ".."):
        raise ValueError("a file name of a recording has no path in it")
    return name
