"""Decoding what was recorded and encoding what is made of it; for worker processes only.

The server's own process never imports this: no codec and no codec thread runs beside the event
loop.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.error import FFmpegError

from media.errors import RecordingError
from media.rtp.opus import TICKS_PER_SECOND

Samples = npt.NDArray[np.float32]

_INT16 = np.float32(1 / 32768)
_PPM = 1_000_000


def count_samples(file: BinaryIO) -> int:
    """How many samples an Ogg/Opus file decodes to, per channel.

    Raises:
        RecordingError: `undecodable`.
    """
    try:
        return sum(frame.samples for frame in _frames(file, "opus"))
    except (FFmpegError, IndexError) as error:
        raise RecordingError("undecodable", "a packet cannot be decoded") from error


def count_pictures(file: BinaryIO) -> int:
    """How many pictures a Matroska file decodes to.

    Raises:
        RecordingError: `undecodable`.
    """
    try:
        with av.open(file, "r", format="matroska") as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"  # one worker's share of the processor is one core
            return sum(1 for _ in container.decode(stream))
    except (FFmpegError, IndexError) as error:
        raise RecordingError("undecodable", "a picture cannot be decoded") from error


def decode(file: BinaryIO) -> Iterator[Samples]:
    """The sound of an Ogg/Opus file: mono, -1 to 1, 48 kHz, in pieces of about a second.

    Lost packets are concealed by the decoder of the Opus authors; FFmpeg's own is a quarter
    quicker and differs where a stream changes its mode.

    Raises:
        RecordingError: `undecodable`.
    """
    pieces: list[npt.NDArray[np.int16]] = []
    size, channels = 0, 1
    try:
        for frame in _frames(file, "libopus"):
            channels = frame.layout.nb_channels
            plane = frame.planes[0]  # not copied: the array keeps the buffer behind it
            pieces.append(np.frombuffer(memoryview(plane), np.int16, frame.samples * channels))
            size += frame.samples
            if size >= TICKS_PER_SECOND:
                yield _mono(np.concatenate(pieces), channels)
                pieces, size = [], 0
    except (FFmpegError, IndexError) as error:
        raise RecordingError("undecodable", "a packet cannot be decoded") from error
    if pieces:
        yield _mono(np.concatenate(pieces), channels)


def _frames(file: BinaryIO, decoder: str) -> Iterator[av.AudioFrame]:
    with av.open(file, "r", format="ogg") as container:
        stream = container.streams.audio[0]
        codec = av.CodecContext.create(decoder, "r")
        assert isinstance(codec, AudioCodecContext)  # noqa: S101  (an audio codec was named)
        codec.extradata = stream.codec_context.extradata
        codec.sample_rate = TICKS_PER_SECOND
        codec.layout = stream.codec_context.layout
        codec.thread_count = 1
        for packet in container.demux(stream):
            yield from codec.decode(packet)


def _mono(data: npt.NDArray[np.int16], channels: int) -> Samples:
    samples: Samples = data.astype(np.float32)
    samples *= _INT16
    if channels == 1:
        return samples
    mono: Samples = samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return mono


class Resampler:
    """Stretches sound by parts per million, so that a sender's clock becomes ours.

    A windowed sinc with interpolated phases: what it adds stays 89 dB below the sound.

    Args:
        ppm: How much longer the result is.
    """

    def __init__(self, ppm: float) -> None:
        self._graph = av.filter.Graph()
        source = self._graph.add_abuffer(
            format="fltp", sample_rate=_PPM, layout="mono", time_base=Fraction(1, _PPM)
        )
        # Rates of a million and a few: their ratio is what counts, to one part per million.
        stretch = self._graph.add("aresample", f"{round(_PPM + ppm)}:linear_interp=1")
        sink = self._graph.add("abuffersink")
        source.link_to(stretch)
        stretch.link_to(sink)
        self._graph.configure()
        self._at = 0

    def take(self, samples: Samples) -> list[Samples]:
        """Take a piece; return what is ready."""
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.reshape(1, -1)), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = _PPM, self._at, Fraction(1, _PPM)
        self._at += len(samples)
        self._graph.push(frame)
        return self._ready()

    def finish(self) -> list[Samples]:
        """What was kept back."""
        self._graph.push(None)
        return self._ready()

    def _ready(self) -> list[Samples]:
        pieces: list[Samples] = []
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return pieces
            assert isinstance(frame, av.AudioFrame)  # noqa: S101  (the graph has no video)
            pieces.append(frame.to_ndarray()[0])


class Encoder:
    """Writes sound in a format that people ask for.

    Args:
        file: Open for writing, and seekable.
        form: `ogg` (Opus), `m4a` (AAC), `wav` or `flac`.
        channels: One, or one for each speaker.

    Raises:
        RecordingError: `format_unsupported` when the format cannot hold so many channels.
    """

    def __init__(self, file: BinaryIO, form: str, channels: int) -> None:
        container, codec, options, bit_rate = _FORMATS[form]
        muxing = {"rf64": "auto"} if form == "wav" else {}  # past 4 GiB
        self._container = av.open(file, "w", format=container, options=muxing)
        layout = _LAYOUTS.get(channels, f"{channels} channels")
        try:
            stream = self._container.add_stream(codec, rate=TICKS_PER_SECOND, layout=layout)
            assert isinstance(stream, AudioStream)  # noqa: S101  (an audio codec was named)
            stream.options = dict(options)
            if bit_rate:
                stream.bit_rate = bit_rate
            stream.codec_context.open()
        except (FFmpegError, ValueError) as error:
            raise RecordingError(
                "format_unsupported", f"{form} cannot hold {channels} channels"
            ) from error
        self._stream = stream
        self._fifo = _Fifo(stream.codec_context.format.name, layout, channels)
        self._at = 0

    def write(self, samples: Samples) -> None:
        """Append sound, of shape (channels, samples)."""
        frame = self._fifo.frame(samples)
        frame.pts = self._at
        frame.time_base = Fraction(1, TICKS_PER_SECOND)
        self._at += samples.shape[1]
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Write what waits, and the end of the file."""
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()


class _Fifo:
    """Makes frames in the sample format of an encoder."""

    def __init__(self, form: str, layout: str, channels: int) -> None:
        self._form, self._layout, self._channels = form, layout, channels

    def frame(self, samples: Samples) -> av.AudioFrame:
        data: npt.NDArray[np.generic] = samples
        if self._form.startswith("s16"):
            data = np.clip(np.rint(samples * 32767), -32768, 32767).astype(np.int16)
        if not self._form.endswith("p"):
            data = data.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(data), format=self._form, layout=self._layout
        )
        frame.sample_rate = TICKS_PER_SECOND
        return frame


_LAYOUTS = {1: "mono", 2: "stereo"}
_FORMATS: dict[str, tuple[str, str, dict[str, str], int]] = {
    # Level 2 of 10: speech at 64 kbit/s sounds the same and takes 14 s an hour instead of 22.
    "ogg": ("ogg", "libopus", {"compression_level": "2"}, 64_000),
    "m4a": ("mp4", "aac", {}, 96_000),
    "wav": ("wav", "pcm_s16le", {}, 0),
    "flac": ("flac", "flac", {}, 0),
}
