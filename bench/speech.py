"""Encoded Opus packets, made once: the load clients never encode while the clock runs."""

from fractions import Fraction

import numpy as np
from av import AudioFrame, CodecContext

SILENCE = b"\xf8\xff\xfe"  # what browsers send while muted or in DTX: 20 ms of nothing
_RATE, _FRAME = 48_000, 960


def speech_packets(seconds: float = 2.0, bit_rate: int = 32_000) -> list[bytes]:
    """Packets of 20 ms with the size and rhythm of speech at a bit rate."""
    count = int(seconds * _RATE)
    moments = np.arange(count) / _RATE
    pitch = np.cumsum(130 + 30 * np.sin(2 * np.pi * 0.8 * moments)) / _RATE
    voice = sum(np.sin(2 * np.pi * harmonic * pitch) / harmonic for harmonic in range(1, 16))
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * moments)
    breath = np.random.default_rng(7).normal(0, 0.05, count)
    samples = ((voice * syllables + breath) * 6000).astype(np.int16)

    encoder = CodecContext.create("libopus", "w")
    encoder.bit_rate = bit_rate
    encoder.sample_rate = _RATE
    encoder.format = "s16"
    encoder.layout = "mono"
    encoder.time_base = Fraction(1, _RATE)
    packets: list[bytes] = []
    for start in range(0, count - _FRAME + 1, _FRAME):
        frame = AudioFrame.from_ndarray(
            samples[start : start + _FRAME].reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = _RATE
        frame.pts = start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets
