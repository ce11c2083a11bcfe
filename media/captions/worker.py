"""A speech engine's process: `python -m media.captions.worker`.

On standard input each message is four bytes of length (big endian), a JSON header and, where the
header names `bytes`, so much PCM. On standard output each is a line of JSON: first `ready` or
`unavailable`, then a result or an error for each utterance. It ends with its parent, whose end
closes standard input.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import BinaryIO, TextIO

from media.captions.engine import Engine, load
from media.captions.speech import EngineSpec, TranscriberFailedError, TranscriberUnavailableError

NICENESS = 10
"""Meetings go first."""


def pack(header: Mapping[str, object], pcm: bytes = b"") -> bytes:
    """A message to a worker."""
    text = json.dumps({**header, "bytes": len(pcm)}).encode()
    return len(text).to_bytes(4, "big") + text + pcm


def unpack(source: BinaryIO) -> tuple[Mapping[str, object], bytes] | None:
    """The next message; None at the end."""
    length = source.read(4)
    if len(length) < 4:
        return None
    header = json.loads(source.read(int.from_bytes(length, "big")))
    return header, source.read(int(header["bytes"]))


def serve(source: BinaryIO, target: TextIO) -> None:
    """Load the engine that the first message names and transcribe what follows."""

    def say(message: Mapping[str, object]) -> None:
        target.write(json.dumps(message) + "\n")
        target.flush()

    first = unpack(source)
    if first is None:
        return
    options = {key: value for key, value in first[0].items() if key != "bytes"}
    try:
        engine = load(EngineSpec(**options))  # type: ignore[arg-type]
    except TranscriberUnavailableError as error:
        say({"unavailable": str(error), "hint": error.hint})
        return
    say({"ready": True})
    while (message := unpack(source)) is not None:
        say(_answer(engine, *message))


def _answer(engine: Engine, header: Mapping[str, object], pcm: bytes) -> Mapping[str, object]:
    hints = header.get("hints")
    try:
        result = engine.transcribe(
            pcm, str(header["language"]), hints if isinstance(hints, list) else ()
        )
    except TranscriberFailedError as error:
        return {"error": str(error)}
    return {"result": asdict(result)}


def main() -> None:
    """Serve standard input; what libraries print goes to standard error."""
    os.nice(NICENESS)
    target = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, target)


if __name__ == "__main__":
    main()
