"""Hears one audio track: the event loop keeps packets of speech, a thread decodes them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from media.audio.decode import NOTHING, Converter, OpusDecoder
from media.audio.frames import Samples
from media.audio.gate import Packet, SpeechGate
from media.audio.timeline import TrackTimeline
from media.rtp.opus import TICKS_PER_SECOND, packet_ticks

PACKETS: Final = 250
"""Five seconds; when nobody decodes for so long, the oldest go and are counted."""
CONCEALED_TICKS: Final = TICKS_PER_SECOND // 10
"""What is missing for longer is a gap: nothing is made up for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Decoded sound.

    Attributes:
        at_ns: Monotonic nanoseconds of its first sample.
        ends: The speaker paused; no samples.
    """

    at_ns: int
    samples: Samples
    ends: bool = False


Work: TypeAlias = Callable[[], list[Piece]]
"""Decodes in a thread what was taken; one at a time for each track. 3 ms for a second of sound."""


class TrackHearing:
    """The speech of one track. Every call is on the event loop.

    Args:
        rate: Samples per second wanted.
        wake: Called when there is something to decode.
        gate: Which packets are speech; one that listens for words unless told otherwise.

    Attributes:
        closed: The track has ended.
        dropped: Packets that came faster than they were decoded.
    """

    def __init__(self, rate: int, wake: Callable[[], None], gate: SpeechGate | None = None) -> None:
        self.closed = False
        self.dropped = 0
        self._wake = wake
        self._gate = gate or SpeechGate()
        self._packets: deque[Packet | None] = deque()  # None: the speaker paused
        self._decoding = _Decoding(rate)

    def rtp(
        self, arrival_ns: int, sequence: int, timestamp: int, payload: bytes, level: int
    ) -> None:
        """Keep a packet that belongs to speech."""
        del sequence  # timestamps say as much, and count silence too
        spoke = self._gate.open
        for packet in self._gate.take(Packet(arrival_ns, timestamp, payload), level):
            self._keep(packet)
        if spoke and not self._gate.open:
            self._keep(None)
        if self._packets:
            self._wake()

    def skipped(self, sequence: int) -> None:
        """Not needed: silence is what is not there."""

    def sender_report(self, arrival_ns: int, ntp: int, rtp_timestamp: int) -> None:
        """Not needed: arrival places sound to some milliseconds."""

    def close(self) -> None:
        """The track ended; idempotent."""
        self.closed = True
        self._pause()
        self._wake()

    def rest(self, now_ns: int) -> None:
        """Look whether the speaker has paused."""
        if self._gate.rest(now_ns):
            self._keep(None)

    @property
    def speaking(self) -> bool:
        """Somebody speaks, or did a moment ago."""
        return self._gate.open

    @property
    def waiting(self) -> bool:
        """There is something to decode."""
        return bool(self._packets)

    @property
    def over(self) -> bool:
        """It has ended, and nothing is left to decode."""
        return self.closed and not self._packets

    def take(self) -> Work:
        """Hand over what waits, for a thread."""
        packets = list(self._packets)
        self._packets.clear()
        return lambda: self._decoding.run(packets)

    def _pause(self) -> None:
        if self._gate.open:
            self._gate.shut()
            self._keep(None)

    def _keep(self, packet: Packet | None) -> None:
        """Queue a packet or a pause; the oldest goes when too many wait."""
        if len(self._packets) >= PACKETS and self._packets.popleft() is not None:
            self.dropped += 1
        self._packets.append(packet)


class _Decoding:
    """The half of a track that lives in threads."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._timeline = TrackTimeline()
        self._decoder: OpusDecoder | None = None  # made when the first word is spoken
        self._run: _Run | None = None

    def run(self, packets: list[Packet | None]) -> list[Piece]:
        pieces: list[Piece] = []
        spoken: list[tuple[int, Packet]] = []
        for packet in packets:
            if packet is not None:
                spoken.append((self._timeline.ticks(packet.timestamp), packet))
                continue
            self._decode(spoken, pieces)
            spoken = []
            self._end(pieces, ends=True)
        self._decode(spoken, pieces)
        return pieces

    def _decode(self, spoken: list[tuple[int, Packet]], pieces: list[Piece]) -> None:
        for ticks, packet in sorted(spoken):
            try:
                length = packet_ticks(packet.payload)
            except ValueError:
                continue  # no Opus: what is not there is a gap
            self._one(ticks, length, packet, pieces)

    def _one(self, ticks: int, length: int, packet: Packet, pieces: list[Piece]) -> None:
        decoder = self._decoder = self._decoder or OpusDecoder()
        missing = 0 if self._run is None else ticks - self._run.next_ticks
        if missing < 0:
            return  # a double, or too late
        if missing > CONCEALED_TICKS:
            self._end(pieces, ends=False)
        run = self._run
        if run is None:
            at_ns = self._timeline.place(ticks, packet.arrival_ns)
            run = self._run = _Run(at_ns, ticks, self._rate)
        elif missing:
            run.add(decoder.conceal(packet.payload, missing), missing, pieces)
        run.add(decoder.take(packet.payload), length, pieces)

    def _end(self, pieces: list[Piece], *, ends: bool) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        run.finish(pieces)
        if ends:
            pieces.append(Piece(run.at_ns, NOTHING, ends=True))


class _Run:
    """Sound without a hole: its first sample is placed, the others are counted."""

    def __init__(self, at_ns: int, ticks: int, rate: int) -> None:
        self.next_ticks = ticks
        self._began_ns = at_ns
        self._rate = rate
        self._made = 0
        self._converter = Converter(TICKS_PER_SECOND, rate)

    @property
    def at_ns(self) -> int:
        """Where the next sample lies."""
        return self._began_ns + self._made * 1_000_000_000 // self._rate

    def add(self, samples: Samples, ticks: int, pieces: list[Piece]) -> None:
        self.next_ticks += ticks
        self._give(self._converter.take(samples), pieces)

    def finish(self, pieces: list[Piece]) -> None:
        self._give(self._converter.finish(), pieces)

    def _give(self, samples: Samples, pieces: list[Piece]) -> None:
        if len(samples):
            pieces.append(Piece(self.at_ns, samples))
            self._made += len(samples)
