"""Where utterances wait for an engine: few places, finished ones first, nothing ever blocks.

Drops, in this order: partials (a newer one of the same speaker replaces an older one, and none
waits while finished utterances do), then utterances that find every place taken, which are
reported as deferred and can be transcribed from the recording.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from media.captions.segmenter import Utterance
from media.captions.speech import Result, TranscriberFailedError
from media.captions.transcriber import Transcriber
from media.tasks import OnError, TaskScope


@dataclass(frozen=True, slots=True)
class Job:
    """An utterance to be transcribed.

    Attributes:
        speaker: Whose, so that a newer partial replaces an older one.
        done: Called on the event loop with the result; None when it could not be made.
    """

    speaker: str
    utterance: Utterance
    language: str
    hints: Sequence[str]
    done: Callable[[Result | None], None]


@dataclass(slots=True)
class DeskCounters:
    """What became of utterances since the start.

    Attributes:
        transcribed: Finished utterances with a result.
        failed: Finished ones that an engine could not do.
        deferred: Finished ones that found no place.
        partials_dropped: Unfinished ones that gave way.
        seconds: Sound that was transcribed, partials included.
    """

    transcribed: int = 0
    failed: int = 0
    deferred: int = 0
    partials_dropped: int = 0
    seconds: float = 0.0


class Desk:
    """Hands utterances to engines.

    Args:
        transcribers: Each does one at a time.
        places: Finished utterances that may wait.
        on_error: Told of bugs.

    Attributes:
        counters: What became of utterances.
    """

    def __init__(self, transcribers: Sequence[Transcriber], places: int, on_error: OnError) -> None:
        self.counters = DeskCounters()
        self._transcribers = transcribers
        self._places = places
        self._finals: deque[Job] = deque()
        self._partials: dict[str, Job] = {}
        self._wake = asyncio.Event()
        self._scope = TaskScope(on_error)
        self._busy = 0

    async def start(self) -> None:
        """Start every engine.

        Raises:
            TranscriberUnavailableError: They cannot run here.
        """
        try:
            for one in self._transcribers:
                await one.start()
        except BaseException:
            await self.close()
            raise
        for one in self._transcribers:
            _ = self._scope.spawn(self._serve(one), name="captions")

    async def close(self) -> None:
        """End every engine; what waits is forgotten."""
        await self._scope.close()
        for one in self._transcribers:
            await one.close()

    @property
    def waiting(self) -> int:
        """Finished utterances that wait."""
        return len(self._finals)

    @property
    def idle(self) -> bool:
        """An engine is free, so that a partial would be done at once."""
        return self._busy < len(self._transcribers) and not self._finals

    def submit(self, job: Job) -> bool:
        """Take an utterance; False when there is no place for it."""
        if not job.utterance.final:
            if not self.idle:
                self.counters.partials_dropped += 1
                return False
            if self._partials.pop(job.speaker, None) is not None:
                self.counters.partials_dropped += 1
            self._partials[job.speaker] = job
            self._wake.set()
            return True
        self.counters.partials_dropped += len(self._partials)
        self._partials.clear()  # finished ones go first, and these will be finished soon
        if len(self._finals) >= self._places:
            self.counters.deferred += 1
            return False
        self._finals.append(job)
        self._wake.set()
        return True

    async def health(self) -> Mapping[str, object]:
        """Engines and counters."""
        engines = [dict(await one.health()) for one in self._transcribers]
        return {"engines": engines, "waiting": self.waiting, "deferred": self.counters.deferred}

    async def _serve(self, transcriber: Transcriber) -> None:
        while True:
            while not (self._finals or self._partials):
                self._wake.clear()
                _ = await self._wake.wait()
            job = self._take()
            self._busy += 1
            try:
                await self._do(transcriber, job)
            finally:
                self._busy -= 1

    def _take(self) -> Job:
        if self._finals:
            return self._finals.popleft()
        return self._partials.pop(next(iter(self._partials)))

    async def _do(self, transcriber: Transcriber, job: Job) -> None:
        result: Result | None = None
        try:
            result = await transcriber.transcribe(
                job.utterance.pcm, language=job.language, hints=job.hints
            )
            self.counters.seconds += job.utterance.seconds
        except TranscriberFailedError:
            pass  # told below, and counted
        if job.utterance.final:
            if result is None:
                self.counters.failed += 1
            else:
                self.counters.transcribed += 1
        job.done(result)
