"""Signals between clients, and from the media server to one: a bounded queue for each user."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from server.dialects.convex.ids import Table, encode_id
from server.dialects.convex.values import Value

MAX_WAITING = 200
"""Per user and meeting; the contract's reader looks at that many."""

MAX_QUEUES = 10_000
MAX_CHARACTERS = 64_000_000
"""Of all that waits; descriptions have a few thousand each."""

MAX_SHOWN = 50
MAX_AGE_MS = 24 * 3600 * 1000.0


@dataclass(frozen=True, slots=True)
class Signal:
    """One description or candidate on its way.

    Attributes:
        id: UUIDv7: later ones are larger.
        kind: `sdp` or `ice`.
        data: The description or candidate.
        timestamp: Milliseconds since the epoch.
    """

    id: str
    from_user: str
    session: str
    kind: str
    data: Value
    timestamp: float

    @property
    def size(self) -> int:
        """About how many characters it keeps."""
        texts = self.data.values() if isinstance(self.data, Mapping) else ()
        return 500 + sum(len(text) for text in texts if isinstance(text, str))

    def document(self) -> Value:
        """The signal as clients see it."""
        return {
            "_id": encode_id(Table.WEBRTC_SIGNALS, self.id),
            "data": self.data,
            "fromUserId": encode_id(Table.USERS, self.from_user),
            "sessionId": self.session,
            "timestamp": self.timestamp,
            "type": self.kind,
        }


class SignalBox:
    """Signals that wait, by meeting and addressee.

    When a queue is full its oldest signal is dropped; so is the queue that is longest unused.

    Args:
        changed: Called with meeting and user when something waits or no longer does.
    """

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._changed = changed
        self._size = 0
        self._queues: OrderedDict[tuple[str, str], OrderedDict[str, Signal]] = OrderedDict()

    def put(self, meeting_id: str, user_id: str, signal: Signal) -> None:
        """Let a signal wait for somebody."""
        key = (meeting_id, user_id)
        queue = self._queues.setdefault(key, OrderedDict())
        self._queues.move_to_end(key)
        queue[signal.id] = signal
        self._size += signal.size
        if len(queue) > MAX_WAITING:
            self._size -= queue.popitem(last=False)[1].size
        while len(self._queues) > MAX_QUEUES or self._size > MAX_CHARACTERS:
            _, unused = self._queues.popitem(last=False)
            self._size -= sum(one.size for one in unused.values())
        self._changed(meeting_id, user_id)

    def waiting(
        self,
        meeting_id: str,
        user_id: str,
        now: float,
        *,
        session: str | None = None,
        after: str | None = None,
    ) -> Sequence[Signal]:
        """What waits, oldest first, at most 50.

        Args:
            meeting_id: In which meeting.
            user_id: For whom.
            now: Milliseconds since the epoch; a day later nobody wants it.
            session: Only about this client session.
            after: Only those with a larger id.
        """
        queue = self._queues.get((meeting_id, user_id), OrderedDict())
        found = (
            signal
            for signal in queue.values()
            if session in (None, signal.session)
            and (after is None or signal.id > after)
            and now - signal.timestamp < MAX_AGE_MS
        )
        return list(islice(found, MAX_SHOWN))

    def done(self, user_id: str, signals: Iterable[str]) -> None:
        """Forget signals that were for this user; others stay."""
        wanted = set(signals)
        for (meeting_id, owner), queue in tuple(self._queues.items()):
            if owner != user_id:
                continue
            known = wanted & queue.keys()
            for signal_id in known:
                self._size -= queue.pop(signal_id).size
            if not queue:
                del self._queues[meeting_id, owner]
            if known:
                self._changed(meeting_id, owner)
