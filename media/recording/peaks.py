"""What a player draws of a sound: its lowest and highest sample, fifty times a second; pure."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from media.rtp.opus import TICKS_PER_SECOND

PER_SECOND = 50
BUCKET = TICKS_PER_SECOND // PER_SECOND


def peaks(pieces: Iterable[npt.NDArray[np.float32]]) -> list[int]:
    """Lowest and highest of each 20 ms in turn, -128 to 127.

    Args:
        pieces: Mono sound, -1 to 1, 48 kHz.
    """
    found: list[int] = []
    rest = np.zeros(0, np.float32)
    for piece in pieces:
        data = np.concatenate((rest, piece))
        whole = len(data) - len(data) % BUCKET
        found += _pairs(data[:whole].reshape(-1, BUCKET))
        rest = data[whole:]
    return found + (_pairs(rest.reshape(1, -1)) if len(rest) else [])


def _pairs(buckets: npt.NDArray[np.float32]) -> list[int]:
    pairs = np.stack((np.floor(buckets.min(axis=1) * 127), np.ceil(buckets.max(axis=1) * 127)), 1)
    clipped: list[int] = np.clip(pairs, -128, 127).astype(np.int64).reshape(-1).tolist()
    return clipped
