"""A process of its own for work that decodes: `python -m media.recording.worker`.

It reads one request as a line of JSON from standard input and writes lines of JSON: progress, and
last of all the result or an error. It ends with its parent, whose end closes standard input.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from media.errors import RecordingError
from media.recording.files import RecordingDirectory, error_code
from media.recording.manifest import MANIFEST, Manifest, decode
from media.recording.products import Wish, make
from media.recording.verify import Progress, verify

Json: TypeAlias = Mapping[str, object]
Work: TypeAlias = Callable[[RecordingDirectory, Manifest, Json, Progress], Json]

NICENESS = 10
"""Meetings go first."""
_STEP = 0.01


def work(request: Json, progress: Progress) -> Json:
    """Do what is asked.

    Args:
        request: `task`, `directory` and what the task needs.
        progress: Told the share done, 0 to 1.

    Raises:
        RecordingError: With a stable code.
    """
    task = _TASKS.get(str(request.get("task")))
    if task is None:
        raise RecordingError("unknown_task", "there is no such task")
    try:
        place = RecordingDirectory(Path(str(request["directory"])))
        try:
            return task(place, _manifest(place), request, progress)
        finally:
            place.close()
    except OSError as error:
        raise RecordingError(error_code(error), str(error)) from error


def _manifest(place: RecordingDirectory) -> Manifest:
    with os.fdopen(place.open(MANIFEST, os.O_RDONLY), "rb") as file:
        return decode(file.read())


def _verify(place: RecordingDirectory, manifest: Manifest, _: Json, progress: Progress) -> Json:
    return {"faults": [asdict(fault) for fault in verify(place, manifest, progress)]}


def _product(place: RecordingDirectory, manifest: Manifest, what: Json, progress: Progress) -> Json:
    wish = Wish(str(what["kind"]), str(what["format"]), str(what["target"]))
    return asdict(make(place, manifest, wish, progress))


_TASKS: Mapping[str, Work] = {"verify": _verify, "product": _product}


def main() -> int:
    """Serve the one request on standard input; the exit code says whether it went well."""
    os.nice(NICENESS)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    said = 0.0

    def progress(share: float) -> None:
        nonlocal said
        if share - said >= _STEP:
            said = share
            _say({"progress": round(share, 3)})

    try:
        _say({"result": work(request, progress)})
    except RecordingError as error:
        _say({"error": error.code, "message": str(error)})
        return 1
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(2)


def _say(message: Json) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
