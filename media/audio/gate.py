"""Which packets of a track are worth decoding: those around speech, by the level in the header."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from media.rtp.opus import is_dtx

OPEN_LEVEL: Final = 65
"""Somebody speaks who is louder than -65 dBov: whispers are, a quiet room's noise is not."""
HANG_NS: Final = 800_000_000
"""Pauses between words stay in: the longest within a sentence are about this long."""
PREROLL_NS: Final = 300_000_000
"""Soft beginnings of words come before the level rises."""
PREROLL_PACKETS: Final = 120
"""300 ms of the shortest packets."""


class Packet(NamedTuple):
    """An Opus packet with its place.

    Attributes:
        arrival_ns: Monotonic.
        timestamp: 32-bit RTP timestamp.
        payload: Never empty.
    """

    arrival_ns: int
    timestamp: int
    payload: bytes


class SpeechGate:
    """Lets the packets of speech through, with what came right before and after.

    Args:
        open_level: Who is at least so loud speaks, in -dBov.
        preroll_ns: How long before that sound belongs to it.

    Attributes:
        open: Somebody speaks, or did a moment ago.
    """

    def __init__(self, open_level: int = OPEN_LEVEL, preroll_ns: int = PREROLL_NS) -> None:
        self.open = False
        self._open_level = open_level
        self._preroll_ns = preroll_ns
        self._voiced_ns = 0
        self._before: deque[Packet] = deque(maxlen=PREROLL_PACKETS)

    def take(self, packet: Packet, level: int) -> Sequence[Packet]:
        """Take a packet; return what is to be decoded because of it.

        Args:
            packet: An empty payload is a muted track's, which shuts the gate.
            level: In -dBov (RFC 6464).
        """
        if not packet.payload:
            self.shut()
            return ()
        if level <= self._open_level and not is_dtx(packet.payload):
            self._voiced_ns = packet.arrival_ns
            if not self.open:
                self.open = True
                since = packet.arrival_ns - self._preroll_ns
                before = [one for one in self._before if one.arrival_ns >= since]
                self._before.clear()
                return [*before, packet]
        elif not self.open:
            self._before.append(packet)
            return ()
        return (packet,)

    def rest(self, now_ns: int) -> bool:
        """Look at the time; True when the speaker has just fallen silent."""
        if not self.open or now_ns - self._voiced_ns <= HANG_NS:
            return False
        self.shut()
        return True

    def shut(self) -> None:
        """Nothing of this is to be heard any more."""
        self.open = False
        self._before.clear()
