"""A speech engine in a process of its own, replaced when it dies."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter, ValidationError

from media.captions.speech import (
    LANGUAGES,
    EngineSpec,
    Result,
    TranscriberFailedError,
    TranscriberUnavailableError,
)
from media.captions.worker import pack

START_SECONDS: Final = 60.0
"""A large model takes so long from a slow disk."""
UTTERANCE_SECONDS: Final = 120.0
"""An engine that needs longer for 20 s of sound hangs."""
SHORTEST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
LINE_BYTES: Final = 1 << 20
ATTEMPTS: Final = 2
"""An utterance whose process dies is tried once more; then it may be what kills it."""
COMMAND: Final = (sys.executable, "-m", "media.captions.worker")

_RESULT: TypeAdapter[Result] = TypeAdapter(Result)
_logger = logging.getLogger(__name__)


class _DiedError(Exception):
    """The process ended, or said something that is not ours."""


class ProcessTranscriber:
    """Satisfies `media.captions.transcriber.Transcriber`.

    Args:
        spec: Which engine.

    Attributes:
        restarts: How often its process was replaced.
        pid: Of its process; None while there is none.
    """

    def __init__(self, spec: EngineSpec) -> None:
        self.name = spec.name
        self.languages = LANGUAGES.get(spec.name)
        self.restarts = 0
        self._spec = spec
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._pause = 0.0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of its process; None while there is none."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process and let it load its model.

        Raises:
            TranscriberUnavailableError: The engine cannot run here.
        """
        async with self._turn:
            try:
                await self._begin()
            except _DiedError as error:
                raise TranscriberUnavailableError(
                    f"the speech engine {self.name} does not start", "See the server's log."
                ) from error

    async def transcribe(self, pcm: bytes, *, language: str, hints: Sequence[str] = ()) -> Result:
        """Transcribe one utterance; when the process dies, once more in its successor.

        Raises:
            TranscriberFailedError: It could not.
        """
        message = pack({"language": language, "hints": list(hints)}, pcm)
        async with self._turn:
            for _ in range(ATTEMPTS):
                try:
                    if self._process is None:
                        await self._again()
                    return _result(await self._say(message, UTTERANCE_SECONDS))
                except _DiedError:
                    await self._end()
                except TranscriberUnavailableError as error:
                    raise TranscriberFailedError(str(error)) from error
                except asyncio.CancelledError:
                    await self._end()  # its answer would be taken for the next one's
                    raise
        raise TranscriberFailedError("the speech engine's process died twice")

    async def health(self) -> Mapping[str, object]:
        """How it is."""
        return {"name": self.name, "ready": self._process is not None, "restarts": self.restarts}

    async def close(self) -> None:
        """End the process."""
        self._closed = True
        await self._end()

    async def _begin(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            start_new_session=True,  # Ctrl-C is for the server alone
        )
        try:
            said = await self._say(pack(asdict(self._spec)), START_SECONDS)
        except _DiedError:
            await self._end()
            raise
        if "unavailable" in said:
            await self._end()
            raise TranscriberUnavailableError(str(said["unavailable"]), str(said.get("hint", "")))

    async def _again(self) -> None:
        """Start a successor, after a pause that grows while they die young."""
        if self._closed:
            raise TranscriberFailedError("the speech engine is closed")
        await asyncio.sleep(self._pause)
        self._pause = min(max(SHORTEST_PAUSE, 2 * self._pause), LONGEST_PAUSE)
        self.restarts += 1
        _logger.warning("speech engine restarted", extra={"engine": self.name})
        await self._begin()

    async def _say(self, message: bytes, seconds: float) -> Mapping[str, object]:
        process = self._process
        assert process is not None  # noqa: S101  (begun before)
        assert process.stdin is not None  # noqa: S101  (both are pipes)
        assert process.stdout is not None  # noqa: S101
        try:
            async with asyncio.timeout(seconds):
                process.stdin.write(message)
                await process.stdin.drain()
                line = await process.stdout.readline()
            said = _SAID.validate_json(line)
        except (OSError, TimeoutError, ValueError, ValidationError) as error:
            raise _DiedError from error
        if "result" in said:
            self._pause = 0.0
        return said

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        _ = await process.wait()


_SAID: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


def _result(said: Mapping[str, object]) -> Result:
    if "error" in said:
        raise TranscriberFailedError(str(said["error"]))
    return _RESULT.validate_python(said.get("result"))
