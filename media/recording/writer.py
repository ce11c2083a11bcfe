"""The one thread that writes every recording of the process, ten times a second."""

import logging
import threading
from collections import deque
from typing import Protocol

from media.clock import Clock

EVERY_SECONDS = 0.1

_logger = logging.getLogger(__name__)


class Job(Protocol):
    """What the thread serves."""

    def service(self, now_ns: int) -> bool:
        """Do what is due; False when there will be nothing more."""

    def abandon(self, reason: str) -> None:
        """Let go of everything at once."""


class WriterThread:
    """Owns all disk work of recordings, so that a slow disk never meets the event loop.

    Args:
        clock: For what is due.
        fsync_seconds: Longest time that written pages stay off the disk; 0 for none.
    """

    def __init__(self, clock: Clock, fsync_seconds: float = 5.0) -> None:
        self.fsync_seconds = fsync_seconds
        self._clock = clock
        self._arrived: deque[Job] = deque()
        self._jobs: list[Job] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread.

        Raises:
            RuntimeError: It was started before.
        """
        if self._thread is not None:
            raise RuntimeError("the recording writer was started before")
        self._thread = threading.Thread(target=self._run, name="recording-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Serve every job once more, let go of those that have not ended, and join. Blocks."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def add(self, job: Job) -> None:
        """Serve this job from now on.

        Raises:
            RuntimeError: The thread does not run.
        """
        if self._thread is None or self._stopping.is_set():
            raise RuntimeError("the recording writer does not run")
        self._arrived.append(job)

    def wake(self) -> None:
        """Serve at once instead of within 100 ms."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(EVERY_SECONDS)
            self._wake.clear()
            self._serve_all()
        self._serve_all()
        for job in self._jobs:
            job.abandon("the server stopped before the recording did")

    def _serve_all(self) -> None:
        while self._arrived:
            self._jobs.append(self._arrived.popleft())
        self._jobs = [job for job in self._jobs if self._serve(job)]

    def _serve(self, job: Job) -> bool:
        try:
            return job.service(self._clock.monotonic_ns())
        except Exception:  # one recording's bug must not end all the others
            _logger.exception("recording abandoned")
            job.abandon("an internal error ended the recording")
            return False
