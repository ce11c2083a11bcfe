"""Hears one audio track: packets kept on the event loop, decoded in a thread, a batch at a time."""

from collections import deque
from collections.abc import Callable
from typing import Final

from media.audio.decode import OpusDecoder
from media.audio.gate import Packet, SpeechGate
from media.audio.timeline import TrackTimeline
from media.captions.resample import Decimator
from media.captions.segmenter import Pcm
from media.rtp.opus import is_dtx

PACKETS: Final = 500
"""Ten seconds; when nobody decodes for so long, the oldest go."""
Sound = tuple[int, Pcm]
"""Monotonic nanoseconds of the first sample, and 16 kHz PCM."""


class TrackHearing:
    """The speech of one track. `rtp` and `close` are the event loop's, `decode` a thread's.

    Packets of silence are not decoded, whether their sender goes on sending them or not: their
    level says what they are.

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
        self._gate = SpeechGate()
        self._packets: deque[Packet] = deque()
        self._decoder: OpusDecoder | None = None  # made when the first word is spoken
        self._decimator = Decimator()
        self._timeline = TrackTimeline()
        self._done_ticks = -1

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, level: int = 0
    ) -> None:
        """Keep a packet that belongs to speech."""
        del sequence  # timestamps say as much
        _ = self._gate.rest(arrival_ns)
        for packet in self._gate.take(Packet(arrival_ns, timestamp, payload), level):
            if is_dtx(packet.payload):
                continue
            if len(self._packets) >= PACKETS:
                _ = self._packets.popleft()
                self.dropped += 1
            self._packets.append(packet)

    def skipped(self, sequence: int) -> None:
        """Not needed: silence is what is not there."""

    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:
        """Not needed: captions are right to a tenth of a second by arrival alone."""

    def close(self) -> None:
        """The track ended."""
        self._closed()

    @property
    def decodes(self) -> bool:
        """Somebody has spoken, so that there is a decoder."""
        return self._decoder is not None

    @property
    def waiting(self) -> bool:
        """There is something to decode."""
        return bool(self._packets)

    def decode(self) -> list[Sound]:
        """Decode what waits. Blocks: 3 ms for a second of sound."""
        batch = [self._packets.popleft() for _ in range(len(self._packets))]
        line = self._timeline
        timed = sorted((line.ticks(timestamp), at, data) for at, timestamp, data in batch)
        sounds: list[Sound] = []
        for ticks, arrival_ns, data in timed:
            if ticks <= self._done_ticks:
                continue  # a double, or too late
            decoder = self._decoder = self._decoder or OpusDecoder()
            samples = decoder.take(data)
            if len(samples):
                self._done_ticks = ticks
                sounds.append((line.place(ticks, arrival_ns), self._decimator.take(samples)))
        return sounds
