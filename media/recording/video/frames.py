"""Frames out of the ordered packets of one RTP stream: VP8 (RFC 7741), H.264 (RFC 6184); pure.

A frame is passed on only when every packet of it came, and after a loss only from the next key
frame on: what a decoder would make of the frames between is not what was sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from media.rtp import avc, vp8

MAX_FRAME_BYTES = 8 << 20
"""A key frame of a 4K screen at the best quality stays below; a sender that never ends one not."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a file's head says of its pictures.

    Attributes:
        codec: MIME type in lower case.
        width: In pixels.
        height: In lines.
        private: What a decoder needs before the first frame; empty for VP8.
        profile: The codec as media types name it (RFC 6381).
    """

    codec: str
    width: int
    height: int
    private: bytes = b""
    profile: str = "vp8"


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole picture as it is stored.

    Attributes:
        data: As the container wants it.
        timestamp: 32-bit RTP timestamp.
        arrival_ns: When its first packet came.
        format: Of a key frame, else None.
    """

    data: bytes
    timestamp: int
    arrival_ns: int
    format: Format | None


class _Picture(Protocol):
    """Collects the payloads of one frame."""

    def add(self, payload: bytes) -> None:
        """Take one payload in order; ValueError when it cannot belong there."""

    def finish(self) -> tuple[bytes, Format | None]:
        """The frame, and its format when a decoder can start with it; ValueError when damaged."""
        ...


class _Vp8:
    """Frames of VP8, whose key frames say all that a decoder needs."""

    def picture(self) -> _Picture:
        return _Vp8Picture()

    def begins(self, payload: bytes) -> bool:
        try:
            return vp8.parse(payload).start
        except ValueError:
            return False


class _Vp8Picture:
    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def add(self, payload: bytes) -> None:
        described = vp8.parse(payload)
        if described.start == bool(self._parts):
            raise ValueError("a frame begins in its middle, or not at its beginning")
        self._parts.append(payload[described.size :])

    def finish(self) -> tuple[bytes, Format | None]:
        data = b"".join(self._parts)
        if data and data[0] & 0x01:
            return data, None
        size = vp8.frame_size(data)
        if size is None or not all(size):
            raise ValueError("a key frame without a size")
        return data, Format("video/vp8", *size)


class _Avc:
    """Frames of H.264; parameter sets hold until others come."""

    def __init__(self) -> None:
        self.sets: tuple[bytes, bytes] | None = None

    def picture(self) -> _Picture:
        return _AvcPicture(self)

    def begins(self, payload: bytes) -> bool:
        return avc.begins_picture(payload)


class _AvcPicture:
    def __init__(self, stream: _Avc) -> None:
        self._stream = stream
        self._units = avc.UnitAssembler()

    def add(self, payload: bytes) -> None:
        self._units.add(payload)

    def finish(self) -> tuple[bytes, Format | None]:
        units = self._units.finish()
        sets = self._stream.sets = avc.parameter_sets(units) or self._stream.sets
        data = avc.length_prefixed(units)
        if not avc.is_key(units):
            return data, None
        if sets is None:
            raise ValueError("a key frame without parameter sets")
        private = avc.decoder_configuration(*sets)
        size = avc.picture_size(sets[0])
        return data, Format("video/h264", *size, private, avc.codec_name(sets[0]))


_STREAMS: Mapping[str, Callable[[], _Vp8 | _Avc]] = {"video/vp8": _Vp8, "video/h264": _Avc}
CODECS = frozenset(_STREAMS)
"""What can be recorded; MIME types in lower case."""


class FrameAssembler:
    """Folds ordered packets into frames.

    Args:
        codec: MIME type in lower case, one of `CODECS`.

    Attributes:
        wanting: Nothing can be passed on before a key frame.
        broken: Frames that began and were not passed on.
    """

    def __init__(self, codec: str) -> None:
        self.wanting = True
        self.broken = 0
        self._stream = _STREAMS[codec]()
        self._picture: _Picture | None = None
        self._timestamp: int | None = None  # of the packet before; None when that is missing
        self._begun = 0
        self._arrival_ns = 0
        self._size = 0
        self._ended = False  # the packet before ended a frame

    def packet(
        self, timestamp: int, arrival_ns: int, payload: bytes, *, marker: bool
    ) -> list[Frame]:
        """Take the packet that follows the one before; return the frames that it completes."""
        if not payload:  # padding
            return []
        frames: list[Frame] = []
        another = self._timestamp is not None and timestamp != self._timestamp
        if another:  # also when the marker of the one before was not set
            frames += self._finish()
        begins = another or self._ended
        self._timestamp, self._ended = timestamp, marker
        if self._picture is None:
            if not begins and not self._stream.begins(payload):
                return frames
            self._picture = self._stream.picture()
            self._begun, self._arrival_ns, self._size = timestamp, arrival_ns, 0
        self._add(self._picture, payload)
        if marker:
            frames += self._finish()
        return frames

    def lost(self) -> None:
        """Packets before the next one are missing for good."""
        self._break()
        self._timestamp, self._ended = None, False

    def _add(self, picture: _Picture, payload: bytes) -> None:
        self._size += len(payload)
        if self._size > MAX_FRAME_BYTES:
            self._break()
            return
        try:
            picture.add(payload)
        except ValueError:
            self._break()

    def _finish(self) -> list[Frame]:
        picture = self._picture
        if picture is None:
            return []
        try:
            data, form = picture.finish()
        except ValueError:
            self._break()
            return []
        self._picture = None
        if not data:  # parameters alone
            return []
        if self.wanting and form is None:
            self.broken += 1
            return []
        self.wanting = False
        return [Frame(data, self._begun, self._arrival_ns, form)]

    def _break(self) -> None:
        self.broken += self._picture is not None
        self._picture = None
        self.wanting = True
