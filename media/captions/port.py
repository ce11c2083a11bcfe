"""Captions of rooms: what is asked for, what comes back, and who makes them."""

from dataclasses import dataclass
from typing import Protocol

from media.captions.speech import EngineSpec, Word


@dataclass(frozen=True, slots=True)
class CaptionSpec:
    """What must be known to caption a room.

    Attributes:
        room_id: Every audio track of this room is heard, now and later.
        zero_ns: The session's start on the monotonic clock; captions count from it.
        language: A language that the engine understands.
    """

    room_id: str
    zero_ns: int
    language: str


@dataclass(frozen=True, slots=True)
class CaptionEngines:
    """What captions are made with.

    Attributes:
        engine: Which speech engine.
        workers: Its processes.
        places: Finished utterances that may wait for them.
    """

    engine: EngineSpec
    workers: int
    places: int


@dataclass(frozen=True, slots=True)
class Caption:
    """Something that was said.

    Attributes:
        id: Stays the same from the first partial to the final one.
        name: The speaker's at that time.
        start: Seconds from the session's start.
        end: Seconds from the session's start.
        text: Empty in a final one where nothing was understood.
        words: With times from the session's start.
        final: Nothing will change any more.
    """

    id: str
    participant_id: str
    connection_id: str
    name: str
    start: float
    end: float
    text: str
    language: str
    engine: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    final: bool = True


class CaptionListener(Protocol):
    """Hears of captions, on the event loop."""

    def caption_made(self, room_id: str, caption: Caption) -> None:
        """Somebody said something."""

    def caption_deferred(self, room_id: str, caption_id: str, start: float, end: float) -> None:
        """Something was said and there was no engine for it; the recording has it."""


class RunningCaptions(Protocol):
    """Captions of one room."""

    async def stop(self) -> None:
        """Finish what is being said, wait for its text for a bounded time, and stop. Idempotent."""


class Captioners(Protocol):
    """Where captions are made: beside the engine whose packets they hear."""

    async def caption(self, spec: CaptionSpec, listener: CaptionListener) -> RunningCaptions:
        """Caption every audio track of a room from now on.

        Raises:
            TranscriberUnavailableError: The speech engine cannot run.
        """
        ...

    def figures(self) -> "CaptionFigures":
        """What became of utterances so far."""
        ...

    async def close(self) -> None:
        """End the engines."""


@dataclass(frozen=True, slots=True)
class CaptionFigures:
    """What became of utterances since the start.

    Attributes:
        ready: The engine runs.
        transcribed: Finished utterances with a result.
        failed: Finished ones that an engine could not do.
        deferred: Finished ones that found no place.
        partials_dropped: Unfinished ones that gave way.
        seconds: Sound that was transcribed.
        waiting: Finished utterances that wait now.
        restarts: Of engine processes.
        decoders: Tracks that are decoded; one that nobody spoke on yet has none.
    """

    ready: bool = False
    transcribed: int = 0
    failed: int = 0
    deferred: int = 0
    partials_dropped: int = 0
    seconds: float = 0.0
    waiting: int = 0
    restarts: int = 0
    decoders: int = 0
