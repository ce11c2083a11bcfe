"""Ogg/Opus by libavformat: encoded packets in, pages out. The server imports PyAV here alone.

Packets are muxed as they are; no decoder and no encoder is ever opened. The pages come back as
bytes, so that the caller's file, its checks and its syncs stay the caller's.
"""

import io
from collections.abc import Mapping
from fractions import Fraction

import av

from media.recording import ogg

TIME_BASE = Fraction(1, 48_000)
PAGE_MICROSECONDS = 200_000
"""With longer pages a kill loses more; with shorter ones the overhead passes 3.5 %."""

_SILENCE = b"\xf8\xff\xfe"  # 20 ms, CELT


class OpusMuxer:
    """One Ogg/Opus stream.

    libavformat keeps back the page it is filling and one packet to know where a page ends: at
    most 400 ms of sound.

    Args:
        channels: 1 or 2.
        pre_skip: Ticks that players leave out at the start (RFC 7845 section 5.1).
        comments: The stream's tags.

    Attributes:
        position: Ticks at the end of the last page handed out, pre-skip included.
    """

    def __init__(self, *, channels: int, pre_skip: int, comments: Mapping[str, str]) -> None:
        self.position = 0
        self._pages = _Pages()
        self._cursor = -pre_skip  # libavformat adds the pre-skip to every position
        template = av.open(io.BytesIO(_example(channels, pre_skip)), "r", format="ogg")
        with template:
            # Without flush_packets the first pages would stay in memory for half a minute.
            options = {"page_duration": str(PAGE_MICROSECONDS), "flush_packets": "1"}
            self._container = av.open(self._pages, "w", format="ogg", options=options)
            self._stream = self._container.add_stream_from_template(template.streams.audio[0])
        self._stream.time_base = TIME_BASE
        self._stream.metadata.update(comments)
        self._container.start_encoding()
        self._mux = self._container.mux_one

    def headers(self) -> bytes:
        """The pages that every file begins with."""
        return self._take()

    def add(self, packet: bytes, ticks: int) -> bytes:
        """Take one packet; return the pages that it completes, or nothing."""
        muxed = av.Packet(packet)  # of stream 0, in the muxer's own time base: 1/48000
        muxed.pts = muxed.dts = self._cursor
        muxed.duration = ticks
        self._cursor += ticks
        self._mux(muxed)
        return self._take() if self._pages.parts else b""

    def finish(self) -> bytes:
        """The last pages; the very last one ends the stream."""
        self._container.close()
        return self._take()

    def abandon(self) -> None:
        """Let go without the end of the stream; harmless after `finish`."""
        self._container.close()

    def _take(self) -> bytes:
        data = self._pages.take()
        at = 0
        while at < len(data):
            size, position = ogg.page_extent(data, at)
            if position != ogg.NO_POSITION:
                self.position = position
            at += size
        return data


class _Pages:
    """What libavformat writes to; it offers no seeking, so headers are never rewritten."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self.parts)
        self.parts.clear()
        return data


def _example(channels: int, pre_skip: int) -> bytes:
    """A three-page file from which libavformat learns the stream's parameters."""
    stream = ogg.OpusStream(
        1, ogg.opus_head(channels=channels, pre_skip=pre_skip), ogg.opus_tags("", {})
    )
    return stream.headers() + stream.add(_SILENCE, 960) + stream.finish()
