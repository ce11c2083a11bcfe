"""Hears one audio track: packets kept on the event loop, decoded in a thread, a batch at a time."""

from collections import deque
from collections.abc import Callable
from typing import Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError

from media.captions.resample import Decimator
from media.captions.segmenter import Pcm
from media.rtp.opus import TICKS_PER_SECOND

PACKETS: Final = 500
"""Ten seconds; when nobody decodes for so long, the oldest go."""
SILENT_BYTES: Final = 3
"""Opus' discontinuous transmission sends nothing longer (RFC 6716 section 3.1): no speech in it."""
ANCHOR_NS: Final = 1_000_000_000
"""A packet that is so far from where its timestamp puts it begins a new time line."""
_CYCLE: Final = 1 << 32
_INT16: Final = np.float32(1 / 32768)

Sound = tuple[int, Pcm]
"""Monotonic nanoseconds of the first sample, and 16 kHz PCM."""


class TrackHearing:
    """The sound of one track. `rtp` and `close` are the event loop's, `decode` a thread's.

    Args:
        participant_id: Whose.
        connection_id: On which connection.
        name: As they are called now.
        closed: Called when the track has ended.

    Attributes:
        dropped: Packets that came faster than they were decoded.
    """

    def __init__(
        self, participant_id: str, connection_id: str, name: str, closed: Callable[[], None]
    ) -> None:
        self.participant_id = participant_id
        self.connection_id = connection_id
        self.name = name
        self.dropped = 0
        self._closed = closed
        self._packets: deque[tuple[int, int, bytes]] = deque()
        self._codec: AudioCodecContext | None = None
        self._decimator = Decimator()
        self._ticks: int | None = None  # of the latest packet, unwrapped
        self._anchor_ns = 0
        self._anchor_ticks = 0
        self._done_ticks = -1

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, level: int = 0
    ) -> None:
        """Keep a packet that may have speech in it."""
        del sequence, level
        if len(payload) <= SILENT_BYTES:
            return
        if len(self._packets) >= PACKETS:
            self._packets.popleft()
            self.dropped += 1
        self._packets.append((arrival_ns, timestamp, payload))

    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:
        """Not needed: captions are right to a tenth of a second by arrival alone."""

    def close(self) -> None:
        """The track ended."""
        self._closed()

    @property
    def waiting(self) -> bool:
        """There is something to decode."""
        return bool(self._packets)

    def decode(self) -> list[Sound]:
        """Decode what waits. Blocks: 3 ms for a second of sound."""
        batch = [self._packets.popleft() for _ in range(len(self._packets))]
        timed = sorted((self._unwrapped(ticks), at, data) for at, ticks, data in batch)
        sounds: list[Sound] = []
        for ticks, arrival_ns, data in timed:
            if ticks <= self._done_ticks:
                continue  # a double, or too late
            pcm = self._samples(data)
            if pcm is not None:
                self._done_ticks = ticks
                sounds.append((self._placed(ticks, arrival_ns), pcm))
        return sounds

    def _samples(self, data: bytes) -> Pcm | None:
        codec = self._codec
        if codec is None:
            made = av.CodecContext.create("libopus", "r")
            assert isinstance(made, AudioCodecContext)  # noqa: S101  (an audio codec was named)
            made.sample_rate = TICKS_PER_SECOND
            made.layout = "mono"
            made.thread_count = 1
            codec = self._codec = made
        try:
            frames = codec.decode(av.Packet(data))
        except FFmpegError:
            return None  # what an attacker or a broken sender sends is silence
        if not frames:
            return None
        pieces = [np.frombuffer(bytes(one.planes[0]), np.int16)[: one.samples] for one in frames]
        return self._decimator.take(np.concatenate(pieces).astype(np.float32) * _INT16)

    def _unwrapped(self, timestamp: int) -> int:
        """Continue the 32-bit timestamps (RFC 3550 section 5.1) without their wrap."""
        if self._ticks is None:
            self._ticks = timestamp
            return timestamp
        step = (timestamp - self._ticks) % _CYCLE
        step = step - _CYCLE if step >= _CYCLE // 2 else step
        ticks = self._ticks + step
        self._ticks = max(ticks, self._ticks)
        return ticks

    def _placed(self, ticks: int, arrival_ns: int) -> int:
        """When a packet's first sample was captured, as the least delayed packet has it."""
        at = self._anchor_ns + (ticks - self._anchor_ticks) * 1_000_000_000 // TICKS_PER_SECOND
        if not self._anchor_ns or at > arrival_ns or arrival_ns - at > ANCHOR_NS:
            self._anchor_ns, self._anchor_ticks = arrival_ns, ticks
            return arrival_ns
        return at
