"""From 48 kHz to 16 kHz: a low-pass and every third sample, in numpy, piece by piece."""

from typing import Final

import numpy as np
import numpy.typing as npt

from media.captions.segmenter import Pcm

FACTOR: Final = 3
TAPS: Final = 97
"""Odd, so that the delay is whole: 48 samples, 1 ms."""
CUTOFF_HZ: Final = 7_400.0
"""Below the new Nyquist frequency of 8 kHz by half of the filter's transition."""
RATE: Final = 48_000


def _low_pass() -> npt.NDArray[np.float32]:
    at = np.arange(TAPS) - TAPS // 2
    taps = np.sinc(2 * CUTOFF_HZ / RATE * at) * np.hamming(TAPS)
    low_pass: npt.NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return low_pass


_TAPS: Final = _low_pass()


class Decimator:
    """Makes 16 kHz PCM of one track's 48 kHz sound, as an engine hears it."""

    def __init__(self) -> None:
        self._kept = np.zeros(TAPS - 1, np.float32)

    def take(self, samples: npt.NDArray[np.float32]) -> Pcm:
        """Take a piece and return what it makes.

        Args:
            samples: Mono, -1 to 1; a multiple of three samples, as every Opus frame is.
        """
        joined = np.concatenate([self._kept, samples])
        self._kept = joined[-(TAPS - 1) :]
        whole = np.convolve(joined, _TAPS, mode="valid")[::FACTOR]
        pcm: Pcm = np.clip(np.rint(whole * 32767), -32768, 32767).astype(np.int16)
        return pcm
