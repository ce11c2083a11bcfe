"""PocketSphinx: its English model comes in its wheel, so it works offline at once.

Its accuracy is low: free decoding gets about every fourth word wrong on a clear synthetic voice,
and half of them in spontaneous human speech.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pocketsphinx import Decoder, Segment

from media.captions.speech import EngineSpec, Result, Word

_FRAMES_PER_SECOND: Final = 100
_NOT_WORDS: Final = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")
_VARIANT: Final = re.compile(r"\(\d+\)$")


class Sphinx:
    """One decoder."""

    def __init__(self) -> None:
        self._decoder = Decoder(samprate=16_000.0, loglevel="FATAL")

    def transcribe(self, pcm: bytes, language: str, hints: Sequence[str]) -> Result:
        """Decode one utterance by itself: nothing of another speaker is carried over."""
        del hints
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, no_search=False, full_utt=True)
        self._decoder.end_utt()
        words = tuple(_words(self._decoder.seg() or ()))
        return Result(" ".join(word.text for word in words), words, language)


def _words(segments: Sequence[Segment]) -> Iterator[Word]:
    """The words among what was decoded; the engine's confidence is always 1, so it is none."""
    for segment in segments:
        if _NOT_WORDS.fullmatch(segment.word):
            continue
        text = _VARIANT.sub("", segment.word)
        start = segment.start_frame / _FRAMES_PER_SECOND
        yield Word(text, start, (segment.end_frame + 1) / _FRAMES_PER_SECOND)


def load(spec: EngineSpec) -> Sphinx:
    """Load the model of the wheel."""
    del spec
    return Sphinx()
