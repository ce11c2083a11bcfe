"""The half of a mix that lives in threads: decodes, adds, encodes. One call at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from media.audio.decode import BLOCK, Coded, OpusEncoder
from media.audio.frames import Samples
from media.audio.hear import Work
from media.audio.jitter import MixBuffer

OWN_BLOCKS: Final = 50
"""A second: changing between encoders within a sentence would be heard."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """What a track has to be decoded for the next block.

    Attributes:
        work: Decodes it; None when nothing waits.
    """

    participant_id: str
    buffer: MixBuffer
    work: Work | None


class MixOutput:
    """One stream of a mix.

    Args:
        without: A participant who is not in it; None for everybody's.
    """

    def __init__(self, without: str | None) -> None:
        self.without = without
        self._silent = OWN_BLOCKS  # blocks since that participant was heard
        self._encoder: OpusEncoder | None = None  # made with the first sound

    def differs(self, voices: Mapping[str, Samples]) -> bool:
        """Whether the common mix would tell somebody what they say, or said a moment ago."""
        self._silent = 0 if self.without in voices else self._silent + 1
        return self._silent < OWN_BLOCKS

    def encode(self, block: Samples) -> Coded:
        """Encode 20 ms."""
        self._encoder = self._encoder or OpusEncoder()
        return self._encoder.take(block)


class Mixer:
    """Makes the blocks of one room. For a thread, one call at a time."""

    def __init__(self) -> None:
        self._common = MixOutput(None)

    def block(self, tracks: Sequence[Decoding], outputs: Sequence[MixOutput]) -> list[Coded]:
        """Make the next 20 ms of every output, encoded once for all who do not speak."""
        voices = _voices(tracks)
        common: Coded | None = None
        made: list[Coded] = []
        for output in outputs:
            if output.differs(voices):
                made.append(output.encode(_without(voices, output.without)))
                continue
            common = common or self._common.encode(_without(voices, None))
            made.append(common)
        return made


def _voices(tracks: Sequence[Decoding]) -> dict[str, Samples]:
    voices: dict[str, Samples] = {}
    for track in tracks:
        for piece in () if track.work is None else track.work():
            if not piece.ends:
                track.buffer.put(piece.at_ns, piece.samples)
        block = track.buffer.take()
        if block is not None:
            before = voices.get(track.participant_id)
            voices[track.participant_id] = block if before is None else before + block
    return voices


def _without(voices: Mapping[str, Samples], whom: str | None) -> Samples:
    """Everybody but one, added."""
    total: Samples = np.zeros(BLOCK, np.float32)
    for participant_id, block in voices.items():
        if participant_id != whom:
            total += block
    return total
