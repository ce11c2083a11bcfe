"""Takes redundant audio (RFC 2198) apart: plain Opus for taps and for most listeners."""

from media.plane.datagram_forward import Fanout
from media.plane.datagram_srtp import Scratch
from media.plane.port import Track
from media.plane.speakers import ASSUMED_LEVEL
from media.rtp import red

_MASK32 = 0xFFFFFFFF


class Unwrapping:
    """Finds a packet's own sound, and gives out what it repeats of packets that never came.

    Args:
        scratch: Holds the decrypted packet.
        fanout: Sends on.
    """

    def __init__(self, scratch: Scratch, fanout: Fanout) -> None:
        self._scratch = scratch
        self._fanout = fanout

    def take(  # noqa: PLR0913, PLR0917 - the facts of one packet, as in the fan-out
        self,
        track: Track,
        extended: int,
        timestamp: int,
        missing: int,
        start: int,
        end: int,
        now_ns: int,
    ) -> int:
        """Take the packet between `start` and `end` of the scratch buffer.

        The `missing` packets right before it have not come.

        Returns:
            Where its own sound begins; -1 when it makes no sense.
        """
        counters = track.connection.counters
        try:
            found = red.blocks(self._scratch.view[start:end])
        except ValueError:
            counters.malformed += 1
            return -1
        if any(one.payload_type != track.payload_type for one in found):
            counters.unknown_payload_type += 1
            return -1
        lost = red.unseen(found, timestamp, track.red_ticks, missing)
        if extended == track.head:
            track.red_ticks = timestamp
        for number, one in enumerate(lost, extended - len(lost)):
            track.restored.append(number)
            counters.restored += 1
            then = (timestamp - one.offset) & _MASK32
            self._restore(track, number, then, start + one.start, start + one.end, now_ns)
        return start + found[-1].start

    def _restore(
        self, track: Track, number: int, timestamp: int, start: int, end: int, now_ns: int
    ) -> None:
        if track.muted:
            return
        plain = bytes(self._scratch.view[start:end]) if track.taps else b""
        for _, tap in track.taps:
            tap.rtp(now_ns, number & 0xFFFF, timestamp, plain, ASSUMED_LEVEL)
        if track.slots and not track.resync:
            _ = self._fanout.forward(track, number, timestamp, 0, start, end, now_ns)
