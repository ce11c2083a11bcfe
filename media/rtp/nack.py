"""Which packets of a source to ask for again, and when (generic NACK, RFC 4585 section 6.2.1)."""

MAX_TRIES = 5
# A gap older than this is asked for although few packets followed it: the tail of a frame.
_REORDER_SECONDS = 0.03
# Asking again sooner than this only repeats requests whose answers are on their way.
_MIN_RETRY_SECONDS = 0.02


class MissingTracker:
    """Watches one stream's extended sequence numbers for gaps.

    Args:
        reorder: Later packets to wait for before a gap counts as loss and not as reordering.
        limit: Gaps remembered at most; beyond it the oldest are forgotten.
    """

    __slots__ = ("_head", "_limit", "_missing", "_reorder", "forgotten")

    def __init__(self, reorder: int = 3, limit: int = 200) -> None:
        self._reorder = reorder
        self._limit = limit
        self._head: int | None = None
        self._missing: dict[int, tuple[int, float]] = {}  # number -> tries, earliest next request
        self.forgotten = 0
        """Packets given up so far; when it grows, only a key frame helps."""

    def __len__(self) -> int:
        return len(self._missing)

    def __contains__(self, ext_seq: int) -> bool:
        """Whether a packet is missing and not given up."""
        return ext_seq in self._missing

    def received(self, ext_seq: int, at: float) -> None:
        """Note a packet, retransmitted ones included.

        Args:
            ext_seq: Extended sequence number (`SequenceUnwrapper`).
            at: Monotonic seconds of arrival.
        """
        head = self._head
        if head is None or ext_seq == head + 1:
            self._head = ext_seq
        elif ext_seq > head:
            self._head = ext_seq
            self._open_gap(head + 1, ext_seq, at)
        else:
            self._missing.pop(ext_seq, None)

    def due(self, at: float, rtt: float = 0.1) -> list[int]:
        """The 16-bit numbers to ask for now, each counted as asked.

        Args:
            at: Monotonic seconds.
            rtt: Round trip to the sender in seconds: how long an answer may take.
        """
        if self._head is None:
            return []
        settled = self._head - self._reorder
        wait = max(rtt, _MIN_RETRY_SECONDS)
        asked: list[int] = []
        for number, (tries, ready) in list(self._missing.items()):
            if ready > at and (tries or number > settled):
                continue
            if tries == MAX_TRIES:
                del self._missing[number]
                self.forgotten += 1
                continue
            self._missing[number] = (tries + 1, at + wait)
            asked.append(number & 0xFFFF)
        return asked

    def clear(self) -> None:
        """Forget all gaps: a key frame has made them worthless."""
        self._missing.clear()

    def _open_gap(self, first: int, beyond: int, at: float) -> None:
        lowest = max(first, beyond - self._limit)
        self.forgotten += lowest - first
        for number in range(lowest, beyond):
            self._missing[number] = (0, at + _REORDER_SECONDS)
        while len(self._missing) > self._limit:
            del self._missing[next(iter(self._missing))]
            self.forgotten += 1
