"""The port of speech engines."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from media.captions.speech import Result


class Transcriber(Protocol):
    """Makes text of utterances, one at a time, without blocking the event loop.

    Attributes:
        name: The engine's.
        languages: Primary subtags that it understands; None for any.
    """

    name: str
    languages: frozenset[str] | None

    async def start(self) -> None:
        """Be ready.

        Raises:
            TranscriberUnavailableError: It cannot run here, and what to do about it.
        """

    async def transcribe(self, pcm: bytes, *, language: str, hints: Sequence[str] = ()) -> Result:
        """Transcribe one utterance.

        Args:
            pcm: 16 kHz mono, signed 16 bit, little endian.
            language: A language that it understands.
            hints: Words that are likely, such as names; an engine may ignore them.

        Raises:
            TranscriberFailedError: It could not, also not in a second process.
        """
        ...

    async def health(self) -> Mapping[str, object]:
        """How it is: `name`, `ready`, `restarts`."""
        ...

    async def close(self) -> None:
        """End its process."""
