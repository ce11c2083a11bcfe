"""What each session was like in the last minute: what lists of sessions show. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from server.services.quality_now import ConnectionNow

SECONDS = 60
SHARE = 0.95
"""Lists show what all but the worst twentieth of seconds and connections stay under."""


@dataclass(frozen=True, slots=True)
class Recent:
    """The 95th percentiles of a session's last minute, over all its connections.

    Attributes:
        round_trip_ms: None while no round trip is known.
        loss_percent: Of the stream that each connection is judged by.
        jitter_ms: Of the same streams.
    """

    round_trip_ms: float | None
    loss_percent: float
    jitter_ms: float


class RecentQuality:
    """The last minute of every live session."""

    def __init__(self) -> None:
        self._sessions: dict[str, deque[list[ConnectionNow]]] = {}

    def second(self, found: Iterable[ConnectionNow]) -> None:
        """Take one second of all sessions; those that nobody is in any more are forgotten."""
        by_session: dict[str, list[ConnectionNow]] = {}
        for now in found:
            by_session.setdefault(now.session_id, []).append(now)
        for session_id, connections in by_session.items():
            seconds = self._sessions.setdefault(session_id, deque(maxlen=SECONDS))
            seconds.append(connections)
        for session_id in [one for one in self._sessions if one not in by_session]:
            del self._sessions[session_id]

    def of(self, session_id: str) -> Recent | None:
        """A session's figures; None while nobody of it is judged."""
        readings = [now.reading for second in self._sessions.get(session_id, ()) for now in second]
        if not readings:
            return None
        trips = [one.round_trip_ms for one in readings if one.round_trip_ms is not None]
        return Recent(
            percentile(trips) if trips else None,
            percentile([one.loss_percent for one in readings]),
            percentile([one.jitter_ms for one in readings]),
        )


def percentile(values: Iterable[float], share: float = SHARE) -> float:
    """The smallest of the values that this share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[ceil(share * len(ordered)) - 1]
