"""Cuts one speaker's sound into utterances by voice activity: pure, frame by frame.

Speech begins when nine of ten frames have voice and ends when nine of ten have none, which neither
a click nor a swallowed consonant does.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media.captions.speech import SAMPLE_RATE

Pcm = npt.NDArray[np.int16]

FRAME: Final = 480
"""Samples: 30 ms, the longest frame that WebRTC's voice detector takes."""
FRAME_SECONDS: Final = FRAME / SAMPLE_RATE
WINDOW: Final = 10
"""Frames: 0.3 s are looked at for whether somebody speaks."""
AGREE: Final = 9
PRE_ROLL: Final = 10
"""Frames kept from before the window: 0.3 s save the first consonants."""
SHORTEST: Final = 10
"""Frames with voice; less than 0.3 s is a cough."""
LONGEST_SECONDS: Final = 20.0
CUT_FROM_SECONDS: Final = 15.0
QUIET: Final = SAMPLE_RATE // 10
"""Samples: an utterance that is too long is cut at its quietest 100 ms."""
RMS_GATE: Final = 0.0025
"""Of full scale; below that engines invent text."""
GAP_SECONDS: Final = 0.2
"""A hole that is longer ends the utterance; a shorter one becomes silence, so that times hold."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A piece of one speaker's sound with speech in it.

    Attributes:
        start: Seconds on the clock of the frames.
        pcm: 16 kHz mono, signed 16 bit, little endian.
        final: The speaker has finished it.
    """

    start: float
    pcm: bytes
    final: bool = True

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.pcm) / 2 / SAMPLE_RATE

    @property
    def end(self) -> float:
        """Where it ends, on the clock of the frames."""
        return self.start + self.seconds


class Segmenter:
    """The utterances of one speaker.

    Args:
        has_voice: Whether 30 ms of PCM have voice.
    """

    def __init__(self, has_voice: Callable[[bytes], bool]) -> None:
        self._has_voice = has_voice
        self._kept: deque[Pcm] = deque(maxlen=WINDOW + PRE_ROLL)
        self._window: deque[bool] = deque(maxlen=WINDOW)
        self._spoken: list[Pcm] = []
        self._voiced = 0
        self._start = 0.0
        self._next: float | None = None

    @property
    def speaking(self) -> bool:
        """An utterance is open."""
        return bool(self._spoken)

    def take(self, frame: Pcm, at: float) -> list[Utterance]:
        """Take one frame; return what ended with it.

        Args:
            frame: `FRAME` samples.
            at: Seconds at which it begins.
        """
        ended = self._bridge(at)
        voiced = self._has_voice(frame.tobytes())
        ended += self._add(frame, at, voiced=voiced)
        return ended

    def flush(self) -> list[Utterance]:
        """End what is open: the speaker is gone, or nothing more comes for now."""
        ended = self._finish()
        self._kept.clear()
        self._window.clear()
        self._next = None
        return ended

    def so_far(self) -> Utterance | None:
        """What is open, unfinished; None while nobody speaks."""
        if not self._spoken or self._voiced < SHORTEST:
            return None
        return Utterance(self._start, np.concatenate(self._spoken).tobytes(), final=False)

    def _bridge(self, at: float) -> list[Utterance]:
        """Fill a short hole before a frame with silence; a long one ends what is open."""
        if self._next is None:
            return []
        hole = at - self._next
        if abs(hole) > GAP_SECONDS:
            return self.flush()
        ended: list[Utterance] = []
        for _ in range(int(hole / FRAME_SECONDS + 0.5)):
            ended += self._add(np.zeros(FRAME, np.int16), self._next, voiced=False)
        return ended

    def _add(self, frame: Pcm, at: float, *, voiced: bool) -> list[Utterance]:
        self._next = at + FRAME_SECONDS
        self._window.append(voiced)
        if not self._spoken:
            self._kept.append(frame)
            if sum(self._window) >= AGREE:
                self._begin()
            return []
        self._spoken.append(frame)
        self._voiced += voiced
        if len(self._window) == WINDOW and self._window.count(False) >= AGREE:
            return self._finish()
        if len(self._spoken) * FRAME_SECONDS >= LONGEST_SECONDS:
            return self._cut()
        return []

    def _begin(self) -> None:
        assert self._next is not None  # noqa: S101  (set with the frame that begins it)
        self._spoken = list(self._kept)
        self._voiced = sum(self._window)
        self._start = self._next - len(self._spoken) * FRAME_SECONDS
        self._kept.clear()

    def _finish(self) -> list[Utterance]:
        if not self._spoken:
            return []
        spoken, voiced = np.concatenate(self._spoken), self._voiced
        self._kept.extend(self._spoken[-PRE_ROLL:])
        self._spoken = []
        self._window.clear()
        return _utterances(spoken, self._start, voiced)

    def _cut(self) -> list[Utterance]:
        """End the utterance where it is quietest near its end; the rest begins the next one."""
        spoken = np.concatenate(self._spoken)
        first = int(CUT_FROM_SECONDS * SAMPLE_RATE)
        blocks = spoken[first : first + (len(spoken) - first) // QUIET * QUIET].reshape(-1, QUIET)
        loudness = np.square(blocks, dtype=np.float64).sum(axis=1)
        at = first + int(loudness.argmin()) * QUIET + QUIET // 2
        ended = _utterances(spoken[:at], self._start, self._voiced)
        self._spoken = [spoken[at:]]
        self._start += at / SAMPLE_RATE
        # What remains is the tail of running speech.
        self._voiced = len(self._spoken[0]) // FRAME
        return ended


def _utterances(spoken: Pcm, start: float, voiced: int) -> list[Utterance]:
    if voiced < SHORTEST or rms(spoken) < RMS_GATE:
        return []
    return [Utterance(start, spoken.tobytes())]


def rms(samples: Pcm) -> float:
    """Loudness, 1 being full scale."""
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean())) / 32768
