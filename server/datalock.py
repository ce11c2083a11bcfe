"""One server per data directory: a lock that the kernel lets go of when the process ends."""

import fcntl
import os
from pathlib import Path

from server.errors import StartError

LOCK_FILE = "lock"


class DataLock:
    """Holds a data directory.

    Args:
        directory: Exists.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._fd: int | None = None

    def take(self) -> None:
        """Take it. Does not wait.

        Raises:
            StartError: Another process has it, or it cannot be opened.
        """
        path = self._directory / LOCK_FILE
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StartError(
                f"the data directory {self._directory} cannot be used: {error.strerror}",
                "Choose another with --data.",
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise StartError(
                f"another server runs on the data directory {self._directory}",
                "Stop it, or choose another directory with --data.",
            ) from error
        self._fd = fd

    def release(self) -> None:
        """Let go; idempotent."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
