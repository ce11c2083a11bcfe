"""Pictures in a test: encoded by real encoders, packed by aiortc, judged by PyAV.

The brightness of every picture says its number, so that a test knows which ones a file kept.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import VpxPayloadDescriptor
from support.clock import FakeClock

from media.recording.files import RecordingDirectory
from media.recording.manifest import MANIFEST, decode
from media.recording.verify import Fault, verify
from media.video import VideoStream, VideoTap

RATE = 30
TICKS = 90_000 // RATE
STREAM = VideoStream(77, "video/vp8")
AVC = VideoStream(78, "video/h264")
MTU = 500
CYCLE = 20
"""So many pictures differ from each other."""


def frames(
    codec: str, count: int, width: int = 128, height: int = 96, key_every: int = 90
) -> tuple[bytes, ...]:
    """Encoded pictures; H.264 as Annex B with parameter sets before every key frame."""
    group = _group(codec, key_every, width, height)
    return tuple(group[number % key_every] for number in range(count))


@lru_cache(maxsize=16)
def _group(codec: str, count: int, width: int, height: int) -> tuple[bytes, ...]:
    """A key frame and what depends on it."""
    name = "libvpx" if codec == "video/vp8" else "libx264"
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.bit_rate, encoder.gop_size, encoder.thread_count = 400_000, 10_000, 1
    if name == "libvpx":
        encoder.options = {"deadline": "realtime", "cpu-used": "16", "lag-in-frames": "0"}
    else:
        encoder.profile = "Baseline"
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    noise = np.random.default_rng(1).integers(-12, 12, (height, width))
    found: list[bytes] = []
    for number in range(count):
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        picture[:height] = np.clip(noise + grey(number), 16, 235)
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        found += [bytes(packet) for packet in encoder.encode(frame)]
    found += [bytes(packet) for packet in encoder.encode(None)]
    assert len(found) == count
    return tuple(found)


def grey(number: int) -> int:
    """How bright a picture is."""
    return 40 + number % CYCLE * 8


def payloads(codec: str, frame: bytes, number: int = 0) -> list[bytes]:
    """The RTP payloads of a frame."""
    if codec == "video/h264":
        packed = av.Packet(frame)
        packed.time_base, packed.pts = Fraction(1, RATE), number
        return list(H264Encoder().pack(packed)[0])
    parts = [frame[at : at + MTU] for at in range(0, len(frame), MTU)]
    return [
        bytes(
            VpxPayloadDescriptor(
                partition_start=int(not at), partition_id=0, picture_id=number & 0x7FFF
            )
        )
        + part
        for at, part in enumerate(parts)
    ]


@dataclass
class Camera:
    """Sends pictures to a tap on a fake clock."""

    tap: VideoTap
    clock: FakeClock
    stream: VideoStream = STREAM
    sequence: int = 65_500
    timestamp: int = 0xFFFF_0000
    number: int = 0
    lost: set[int] = field(default_factory=set)
    """Numbers of packets, counted from the first, that never come."""
    late: dict[int, float] = field(default_factory=dict)
    """Numbers of packets that come so many seconds later."""
    sent: int = 0
    _held: list[tuple[float, int, int, bytes, bool]] = field(default_factory=list)

    def film(self, pictures: tuple[bytes, ...], seconds: float = 1 / RATE) -> None:
        """Send each picture, then let time pass."""
        for picture in pictures:
            parts = payloads(self.stream.codec, picture, self.number)
            for at, part in enumerate(parts):
                self._packet(part, marker=at == len(parts) - 1)
            self.number += 1
            self.clock.advance(seconds)
            self.timestamp = (self.timestamp + round(seconds * 90_000)) & 0xFFFF_FFFF
            self.release()

    def release(self) -> None:
        """Let late packets come whose time it is."""
        now = self.clock.monotonic()
        due = [one for one in self._held if one[0] <= now]
        self._held = [one for one in self._held if one[0] > now]
        for _, sequence, timestamp, payload, marker in due:
            self.tap.rtp(self.clock.monotonic_ns(), sequence, timestamp, payload, marker=marker)

    def padding(self) -> None:
        """Send a packet that is padding alone."""
        self._packet(b"", marker=False)

    def _packet(self, payload: bytes, *, marker: bool) -> None:
        number, self.sent = self.sent, self.sent + 1
        sequence, self.sequence = self.sequence, (self.sequence + 1) & 0xFFFF
        if number in self.lost:
            return
        if number in self.late:
            at = self.clock.monotonic() + self.late[number]
            self._held.append((at, sequence, self.timestamp, payload, marker))
            return
        now_ns = self.clock.monotonic_ns()
        self.tap.rtp(now_ns, sequence, self.timestamp, payload, marker=marker)


@dataclass(frozen=True)
class Shown:
    """A decoded picture."""

    at: float
    width: int
    height: int
    grey: float


def shown(path: Path) -> list[Shown]:
    """Every picture of a file, decoded."""
    return list(_shown(path))


def _shown(path: Path) -> Iterator[Shown]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            luma = frame.to_ndarray()[: frame.height]
            yield Shown(frame.time, frame.width, frame.height, float(luma.mean()))


def numbers(path: Path) -> list[int]:
    """Which pictures a file holds, by their brightness, modulo `CYCLE`."""
    return [
        min(range(CYCLE), key=lambda number: abs(grey(number) - one.grey)) for one in shown(path)
    ]


def probed(path: Path) -> dict[str, str]:
    """What ffprobe says of a file; anything it complains about fails the test."""
    command = ["ffprobe", "-v", "warning", "-of", "flat=s=_", "-show_entries"]
    entries = "format=duration,format_name:stream=codec_name,width,height"
    done = subprocess.run([*command, entries, path], capture_output=True, text=True, check=True)
    assert done.stderr == "", done.stderr
    pairs = (line.split("=", 1) for line in done.stdout.splitlines())
    return {name.split("_", 1)[1]: text.strip('"') for name, text in pairs}


def faults(directory: Path) -> list[Fault]:
    """What verification finds wrong with a finished recording."""
    place = RecordingDirectory(directory)
    try:
        manifest = decode((directory / MANIFEST).read_bytes())
        return verify(place, manifest, lambda _: None)
    finally:
        place.close()
