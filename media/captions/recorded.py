"""Transcribes what was recorded: `python -m media.captions.recorded`, a process of its own.

It reads one request as a line of JSON from standard input and writes lines of JSON: progress, and
last of all the result or an error, as `media.recording.worker` does.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from media.captions.engine import Engine, load
from media.captions.resample import RATE, Decimator
from media.captions.segmenter import FRAME, Pcm, Segmenter, Utterance
from media.captions.speaker import placed
from media.captions.speech import (
    SAMPLE_RATE,
    EngineSpec,
    TranscriberFailedError,
    TranscriberUnavailableError,
)
from media.captions.voice import voice_detector
from media.errors import RecordingError
from media.recording.codec import decode
from media.recording.files import RecordingDirectory, error_code
from media.recording.worker import NICENESS

Json = Mapping[str, object]
Progress = Callable[[float], None]
_STEP: Final = 0.01


def transcribe(request: Json, progress: Progress) -> Json:
    """Transcribe the tracks of a recording.

    Args:
        request: `directory`, `engine` (members of EngineSpec), `language`, and `files` with
            `file_name`, `track`, `participant_id`, `name`, `offset_seconds`, `duration_seconds`.
        progress: Told the share done, 0 to 1.

    Raises:
        RecordingError: `transcription_unavailable`, or what reading the files fails with.
    """
    try:
        engine = load(EngineSpec(**_members(request["engine"])))
    except TranscriberUnavailableError as error:
        raise RecordingError("transcription_unavailable", f"{error} {error.hint}") from error
    files = [_members(file) for file in _list(request["files"])]
    total = sum(float(file["duration_seconds"]) for file in files) or 1.0
    segments: list[Json] = []
    failed, done = 0, 0.0
    try:
        with closing(RecordingDirectory(Path(str(request["directory"])))) as place:
            for file in files:
                length = float(file["duration_seconds"])
                start = float(file["offset_seconds"])
                for utterance, heard in _utterances(place, file["file_name"], start):
                    progress((done + min(heard, length)) / total)
                    segment = _segment(engine, utterance, file, str(request["language"]))
                    if segment is None:
                        failed += 1
                    elif segment["text"]:
                        segments.append(segment)
                done += length
    except OSError as error:
        raise RecordingError(error_code(error), str(error)) from error
    return {"segments": segments, "failed": failed}


def _members(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise RecordingError("invalid_request", "an object was expected")
    return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _utterances(
    place: RecordingDirectory, name: str, start: float
) -> Iterator[tuple[Utterance, float]]:
    """The utterances of a track, each with how many seconds were read by then."""
    segmenter = Segmenter(voice_detector())
    decimator = Decimator()
    rest: Pcm = np.zeros(0, np.int16)
    at = 0
    with os.fdopen(place.open(name, os.O_RDONLY), "rb") as file:
        for samples in decode(file):
            usable = len(samples) // (RATE // SAMPLE_RATE) * (RATE // SAMPLE_RATE)
            pcm = np.concatenate([rest, decimator.take(samples[:usable])])
            whole = len(pcm) // FRAME * FRAME
            for first in range(0, whole, FRAME):
                moment = (at + first) / SAMPLE_RATE
                for one in segmenter.take(pcm[first : first + FRAME], start + moment):
                    yield one, moment
            rest, at = pcm[whole:], at + whole
    for one in segmenter.flush():
        yield one, at / SAMPLE_RATE


def _segment(engine: Engine, utterance: Utterance, file: Json, language: str) -> Json | None:
    try:
        result = engine.transcribe(utterance.pcm, language, ())
    except TranscriberFailedError:
        return None
    words = placed(result.words, utterance.start)
    return {
        "track": file["track"],
        "participant_id": file["participant_id"],
        "name": file["name"],
        "start": round(words[0].start if words else utterance.start, 3),
        "end": round(words[-1].end if words else utterance.end, 3),
        "text": result.text,
        "words": [asdict(word) for word in words],
        "language": result.language,
        "confidence": result.confidence,
    }


def main() -> int:
    """Serve the one request on standard input; the exit code says whether it went well."""
    os.nice(NICENESS)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    target = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to standard error
    said = 0.0

    def say(message: Json) -> None:
        target.write(json.dumps(message) + "\n")
        target.flush()

    def progress(share: float) -> None:
        nonlocal said
        if share - said >= _STEP:
            said = share
            say({"progress": round(share, 3)})

    try:
        say({"result": transcribe(request, progress)})
    except RecordingError as error:
        say({"error": error.code, "message": str(error)})
        return 1
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(2)


if __name__ == "__main__":
    sys.exit(main())
