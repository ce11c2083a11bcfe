"""Runs recording work in processes of its own, a few at a time, never on the event loop."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from media.errors import RecordingError

Progress = Callable[[float], None]
COMMAND = (sys.executable, "-m", "media.recording.worker")
TRANSCRIBE = (sys.executable, "-m", "media.captions.recorded")


class Workers:
    """A queue of worker processes.

    Args:
        limit: Processes at the same time.
        command: What they run; recording work by default.
    """

    def __init__(self, limit: int = 1, command: Sequence[str] | None = None) -> None:
        self._command = command
        self._threads = ThreadPoolExecutor(limit, thread_name_prefix="recording-worker")
        self._processes: set[subprocess.Popen[str]] = set()
        self._closing = threading.Event()

    @property
    def closed(self) -> bool:
        """It takes no more work."""
        return self._closing.is_set()

    async def run(
        self, request: Mapping[str, object], progress: Progress | None = None
    ) -> Mapping[str, object]:
        """Let a process do one piece of work; waits for its turn.

        Args:
            request: As `media.recording.worker` takes it.
            progress: Told the share done, on the event loop.

        Raises:
            RecordingError: The work failed, or `worker_died`.
        """
        loop = asyncio.get_running_loop()

        def tell(share: float) -> None:
            if progress is not None:
                _ = loop.call_soon_threadsafe(progress, share)

        return await loop.run_in_executor(self._threads, self._run, request, tell)

    async def close(self) -> None:
        """End every process, and take no more."""
        self._closing.set()
        for process in list(self._processes):
            process.kill()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _run(self, request: Mapping[str, object], tell: Progress) -> Mapping[str, object]:
        if self._closing.is_set():
            raise RecordingError("worker_died", "the server stops")
        with subprocess.Popen(  # noqa: S603  (our own module; the request travels as JSON)
            self._command or COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            self._processes.add(process)
            try:
                if self._closing.is_set():
                    process.kill()
                return _converse(process, request, tell)
            finally:
                process.kill()
                self._processes.discard(process)


def _converse(
    process: subprocess.Popen[str], request: Mapping[str, object], tell: Progress
) -> Mapping[str, object]:
    assert process.stdin is not None  # noqa: S101  (both are pipes)
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
    except BrokenPipeError as error:
        raise RecordingError("worker_died", "the worker process did not start") from error
    for line in process.stdout:
        message = json.loads(line)
        if "progress" in message:
            tell(float(message["progress"]))
        elif "error" in message:
            raise RecordingError(str(message["error"]), str(message.get("message", "")))
        else:
            result = message["result"]
            return result if isinstance(result, dict) else {}
    raise RecordingError("worker_died", "the worker process ended without a result")
