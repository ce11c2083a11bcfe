"""Speech engines and listeners for tests of captions."""

import asyncio
from collections.abc import Sequence

from media.captions.port import Caption
from media.captions.segmenter import Utterance
from media.captions.speech import Result, TranscriberFailedError, Word

SECOND = b"\x10\x00" * 16_000


def utterance(start: float = 0.0, seconds: int = 1, *, final: bool = True) -> Utterance:
    return Utterance(start, SECOND * seconds, final=final)


class ScriptedTranscriber:
    """Answers when it is told to.

    Attributes:
        open: Set to let utterances through.
        broken: Fails every utterance.
    """

    name = "scripted"
    languages = None

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.broken = False
        self.heard: list[int] = []
        self.closed = False

    async def start(self) -> None:
        pass

    async def transcribe(self, pcm: bytes, *, language: str, hints: Sequence[str] = ()) -> Result:
        self.heard.append(len(pcm))
        await self.open.wait()
        if self.broken:
            raise TranscriberFailedError("broken")
        return Result("hello", (Word("hello", 0.25, 0.5),), language)

    async def health(self) -> dict[str, object]:
        return {"name": self.name, "ready": True, "restarts": 0}

    async def close(self) -> None:
        self.closed = True


class CaptionsHeard:
    """Remembers what a listener is told."""

    def __init__(self) -> None:
        self.made: list[Caption] = []
        self.deferred: list[tuple[float, float]] = []

    def caption_made(self, room_id: str, caption: Caption) -> None:
        self.made.append(caption)

    def caption_deferred(self, room_id: str, caption_id: str, start: float, end: float) -> None:
        self.deferred.append((start, end))
