"""Real Opus packets of a tone, and the decoding of what a recorder made of them."""

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np


@lru_cache(maxsize=8)
def tone_packets(
    seconds: float, *, hertz: float = 440.0, frame_ms: int = 20, application: str = "voip"
) -> tuple[bytes, ...]:
    """A tone as consecutive Opus packets of `frame_ms`, from the encoder that browsers use too."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate = 48_000
    codec.layout = "mono"
    codec.format = "s16"
    codec.bit_rate = 32_000
    codec.time_base = Fraction(1, 48_000)
    codec.options = {"frame_duration": str(frame_ms), "application": application}
    codec.open()
    step = 48 * frame_ms
    total = int(seconds * 48_000) // step
    packets: list[bytes] = []
    for index in range(total):
        at = np.arange(index * step, (index + 1) * step) / 48_000
        pcm = (np.sin(2 * np.pi * hertz * at) * 12_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, index * step
        packets += [bytes(packet) for packet in codec.encode(frame)]
    packets += [bytes(packet) for packet in codec.encode(None)]
    return tuple(packets[:total])


def decode(path: Path, decoder: str = "libopus") -> np.ndarray:
    """The samples of an Ogg/Opus file, mono, -1 to 1, at 48 kHz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        codec = av.CodecContext.create(decoder, "r")
        codec.extradata = stream.codec_context.extradata
        codec.sample_rate = 48_000
        codec.layout = stream.codec_context.layout
        parts = [
            out.to_ndarray()[0]
            for packet in container.demux(stream)
            for frame in codec.decode(packet)
            for out in resampler.resample(frame)
        ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def main_frequency(samples: np.ndarray) -> float:
    """The strongest frequency in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 48_000 / len(samples))
