"""A short wait that puts packets back in order and says how many are missing; pure.

Released in order of sequence number. A hole is given up 200 ms after a later packet arrived, or
when ten packets wait behind it.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

WAIT_NS = 200_000_000
"""Longer than a retransmission over 100 ms of round trip; what comes later is counted as late."""
WAITING = 10
RESET_JUMP = 3000
"""A minute of 20 ms packets: nobody loses that many and goes on with the same numbers."""
STALE_NS = 1_000_000_000
"""Old numbers alone for this long mean that the sender began to count anew."""
_REMEMBERED = 512  # holes given up that a late packet may still belong to


class Arrived(NamedTuple):
    """A packet as it came.

    Attributes:
        arrival_ns: When, on the process's monotonic clock.
        timestamp: 32-bit RTP timestamp.
        payload: Empty for padding, which only holds its place in the order.
        ticks: How long it plays.
        stored: Whether the recording was not paused then.
        marker: The RTP marker; of video the last packet of a picture has it.
    """

    arrival_ns: int
    timestamp: int
    payload: bytes
    ticks: int
    stored: bool
    marker: bool = False


class Released(NamedTuple):
    """A packet whose turn has come.

    Attributes:
        packet: The packet.
        missing: Packets given up just before it.
        reset: The numbers jumped by more than the window: a long silence of the network or a
            sender that counts anew, which only its timestamps can tell.
    """

    packet: Arrived
    missing: int
    reset: bool = False


class ReorderBuffer:
    """Holds at most so many packets of one RTP stream.

    Args:
        wait_ns: How long a hole is waited for.
        waiting: How many packets wait behind it at most.

    Attributes:
        late: Packets that came after their place was given up.
        duplicate: Packets that came twice.
    """

    def __init__(self, wait_ns: int = WAIT_NS, waiting: int = WAITING) -> None:
        self.late = 0
        self.duplicate = 0
        self._wait_ns = wait_ns
        self._most = waiting
        self._next: int | None = None  # extended number that is due
        self._waiting: dict[int, Arrived] = {}
        self._given_up: OrderedDict[int, None] = OrderedDict()
        self._stale_since: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether packets wait behind a hole."""
        return bool(self._waiting)

    def follow(self, sequence: int) -> bool:
        """Let a packet pass that nothing waits for and that is the next; False when it is not."""
        if self._waiting or self._next is None or (sequence - self._next) & 0xFFFF:
            return False
        self._next += 1
        self._stale_since = None
        return True

    def put(self, sequence: int, packet: Arrived) -> list[Released]:
        """Take one packet; return those whose turn has come."""
        if self._next is None:
            self._next = sequence
        number = self._extend(sequence)
        ahead = number - self._next
        if ahead == 0 and not self._waiting:  # almost every packet
            self._next, self._stale_since = number + 1, None
            return [Released(packet, 0)]
        if ahead > RESET_JUMP or -ahead > RESET_JUMP:
            return self._reset(sequence, packet, max(0, ahead))
        if ahead < 0 or number in self._waiting:
            if self._is_stale(number, packet.arrival_ns):
                return self._reset(sequence, packet, 0)
            return []
        self._stale_since = None
        self._waiting[number] = packet
        released = list(self._in_order(0))
        while len(self._waiting) >= self._most:
            released += self._skip_hole()
        return released + self.expire(packet.arrival_ns)

    def skip(self, sequence: int) -> list[Released]:
        """Numbers up to this one hold nothing: they are not waited for."""
        if self._next is None:
            return []
        last = self._extend(sequence)
        if last < self._next or last - self._next > RESET_JUMP:
            return []
        released: list[Released] = []
        while self._waiting and min(self._waiting) <= last:
            released += self._skip_hole()
        self._next = max(self._next, last + 1)
        return released + list(self._in_order(0))

    def expire(self, now_ns: int) -> list[Released]:
        """Give up holes that were waited for long enough."""
        released: list[Released] = []
        while self._waiting:
            oldest = next(iter(self._waiting.values())).arrival_ns  # in order of arrival
            if now_ns - oldest < self._wait_ns:
                break
            released += self._skip_hole()
        return released

    def flush(self) -> list[Released]:
        """Give up every hole: the stream has ended."""
        released: list[Released] = []
        while self._waiting:
            released += self._skip_hole()
        return released

    def _extend(self, sequence: int) -> int:
        due = self._next or 0
        step = (sequence - due) & 0xFFFF
        return due + (step - 0x10000 if step >= 0x8000 else step)

    def _in_order(self, missing: int) -> Iterator[Released]:
        due = self._next or 0
        while (packet := self._waiting.pop(due, None)) is not None:
            due += 1
            self._next = due
            yield Released(packet, missing)
            missing = 0

    def _skip_hole(self) -> list[Released]:
        due, first = self._next or 0, min(self._waiting)
        for number in range(due, first):
            self._given_up[number] = None
        while len(self._given_up) > _REMEMBERED:
            self._given_up.popitem(last=False)
        self._next = first
        return list(self._in_order(first - due))

    def _is_stale(self, number: int, arrival_ns: int) -> bool:
        """Count a packet that came too late or twice; True when nothing else has come for long."""
        if number in self._given_up:
            del self._given_up[number]
            self.late += 1
        else:
            self.duplicate += 1
        if self._stale_since is None:
            self._stale_since = arrival_ns
        return arrival_ns - self._stale_since > STALE_NS

    def _reset(self, sequence: int, packet: Arrived, missing: int) -> list[Released]:
        released = self.flush()
        self._given_up.clear()
        self._stale_since = None
        self._next = sequence + 1
        return [*released, Released(packet, missing, reset=True)]
