"""Opus to PCM and back with PyAV. Blocks: for threads only, where it lets other threads run."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError

from media.audio.frames import Samples
from media.rtp.opus import TICKS_PER_SECOND, concealment, toc

BLOCK: Final = 960
"""Samples of the 20 ms that go into one packet."""
BITS_PER_SECOND: Final = 32_000
"""Speech, as browsers send it."""
EFFORT: Final = "5"
"""Of 10: speech sounds the same and costs a third less time."""
SILENT_LEVEL: Final = 127
_INT16: Final = np.float32(1 / 32768)
NOTHING: Final[Samples] = np.zeros(0, np.float32)


class OpusDecoder:
    """Decodes the packets of one track, in order."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "r")
        assert isinstance(codec, AudioCodecContext)  # noqa: S101  (an audio codec was named)
        codec.sample_rate = TICKS_PER_SECOND
        codec.layout = "mono"
        codec.thread_count = 1
        self._codec = codec

    def take(self, payload: bytes) -> Samples:
        """The sound of a packet at 48 kHz; nothing when it cannot be decoded."""
        try:
            frames = self._codec.decode(av.Packet(payload))
        except FFmpegError:
            return NOTHING  # what a broken or hostile sender sends is silence
        return _joined(
            np.frombuffer(bytes(one.planes[0]), np.int16)[: one.samples].astype(np.float32) * _INT16
            for one in frames
        )

    def conceal(self, payload: bytes, ticks: int) -> Samples:
        """What the decoder makes up for sound that was lost before a packet."""
        return _joined(self.take(one) for one in concealment(toc(payload), ticks))


class Converter:
    """Changes the sample rate of one run of sound, piece by piece.

    Args:
        source: Samples per second of what comes in.
        target: Samples per second of what goes out.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._resampler = (
            None
            if source == target
            else av.AudioResampler(format="flt", layout="mono", rate=target)
        )
        self._fed = False

    def take(self, samples: Samples) -> Samples:
        """Convert a piece; some milliseconds stay inside."""
        if self._resampler is None or not len(samples):
            return samples
        self._fed = True
        frame = _frame(samples, self._source)
        return _joined(one.to_ndarray()[0] for one in self._resampler.resample(frame))

    def finish(self) -> Samples:
        """What stayed inside; nothing goes in after it."""
        if self._resampler is None or not self._fed:
            return NOTHING
        return _joined(one.to_ndarray()[0] for one in self._resampler.resample(None))


class Coded(NamedTuple):
    """20 ms of sound, encoded.

    Attributes:
        payload: An Opus packet; None for silence that is not worth sending.
        level: In -dBov (RFC 6464).
    """

    payload: bytes | None
    level: int


class OpusEncoder:
    """Encodes one stream of 20 ms blocks, leaving silence out (discontinuous transmission)."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "w")
        assert isinstance(codec, AudioCodecContext)  # noqa: S101  (an audio codec was named)
        codec.sample_rate = TICKS_PER_SECOND
        codec.layout = "mono"
        codec.format = "flt"
        codec.bit_rate = BITS_PER_SECOND
        codec.time_base = Fraction(1, TICKS_PER_SECOND)
        codec.options = {
            "application": "voip",
            "frame_duration": "20",
            "compression_level": EFFORT,
        }
        codec.open()
        self._codec = codec
        self._at = 0
        self._quiet = QUIET_BLOCKS

    def take(self, block: Samples) -> Coded:
        """Encode a block of `BLOCK` samples."""
        level = level_of(block)
        self._quiet = 0 if level < SILENT_LEVEL else self._quiet + 1
        if self._quiet > QUIET_BLOCKS:
            return Coded(None, SILENT_LEVEL)
        frame = _frame(np.clip(block, -1, 1), TICKS_PER_SECOND)
        frame.pts, frame.time_base = self._at, Fraction(1, TICKS_PER_SECOND)
        self._at += BLOCK
        payload = b"".join(bytes(packet) for packet in self._codec.encode(frame))
        return Coded(payload or None, level)


QUIET_BLOCKS: Final = 5
"""100 ms after the last sound are encoded: what the encoder keeps back comes out, and fades."""


def level_of(samples: Samples) -> int:
    """Loudness in -dBov, 0 (loudest) to 127 (silence), as RFC 6465 has it measured."""
    power = float(np.mean(np.square(samples))) if len(samples) else 0.0
    if power < 1e-12:
        return SILENT_LEVEL
    return min(SILENT_LEVEL - 1, max(0, round(-10 * math.log10(power))))


def mono(samples: npt.ArrayLike) -> Samples:
    """Sound that a program made, as `Samples`.

    Args:
        samples: Shape (n,); floating point from -1 to 1, or 16-bit integers.

    Raises:
        ValueError: Another shape or type, or values that are no numbers.
    """
    array = np.asarray(samples)
    if array.ndim != 1:
        raise ValueError(f"sound is mono, of shape (n,), and not {array.shape}")
    if array.dtype == np.int16:
        return array.astype(np.float32) * _INT16
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"sound is float or int16, and not {array.dtype}")
    sound = array.astype(np.float32)
    if not np.isfinite(sound).all():
        raise ValueError("sound has values that are no numbers")
    return sound


def _frame(samples: Samples, rate: int) -> av.AudioFrame:
    data = np.ascontiguousarray(samples.reshape(1, -1), np.float32)
    frame = av.AudioFrame.from_ndarray(data, format="flt", layout="mono")
    frame.sample_rate = rate
    return frame


def _joined(pieces: Iterable[npt.NDArray[np.generic]]) -> Samples:
    found: Sequence[Samples] = [piece.astype(np.float32, copy=False) for piece in pieces]
    if not found:
        return NOTHING
    return found[0] if len(found) == 1 else np.concatenate(found)
