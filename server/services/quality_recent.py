"""What each session was like in the last minute: what lists of sessions show. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.services.quality_now import ConnectionNow

SECONDS = 60
SHARE = 0.95
"""Lists show what all but the worst twentieth of seconds and connections stay under."""

_Figures: TypeAlias = NDArray[Any]  # round trip, loss, jitter of each connection in one second


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
    """The last minute of every live session.

    Only figures are kept, and percentiles are made at most once a second: whoever lists a hundred
    sessions of a hundred people waits for some milliseconds.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, deque[_Figures]] = {}
        self._made: dict[str, Recent] = {}

    def second(self, found: Iterable[ConnectionNow]) -> None:
        """Take one second of all sessions; those that nobody is in any more are forgotten."""
        by_session: dict[str, list[tuple[float, float, float]]] = {}
        for now in found:
            reading = now.reading
            trip = nan if reading.round_trip_ms is None else reading.round_trip_ms
            figures = trip, reading.loss_percent, reading.jitter_ms
            by_session.setdefault(now.session_id, []).append(figures)
        for session_id, connections in by_session.items():
            seconds = self._sessions.setdefault(session_id, deque(maxlen=SECONDS))
            seconds.append(np.array(connections).T)
        for session_id in [one for one in self._sessions if one not in by_session]:
            del self._sessions[session_id]
        self._made.clear()

    def of(self, session_id: str) -> Recent | None:
        """A session's figures; None while nobody of it is judged."""
        seconds = self._sessions.get(session_id)
        if not seconds:
            return None
        if session_id not in self._made:
            trips, losses, jitters = np.concatenate(seconds, axis=1)
            known = trips[~np.isnan(trips)]
            self._made[session_id] = Recent(
                percentile(known) if known.size else None, percentile(losses), percentile(jitters)
            )
        return self._made[session_id]


def percentile(values: _Figures, share: float = SHARE) -> float:
    """The smallest of the values that this share of them does not exceed (nearest rank)."""
    place = ceil(share * len(values)) - 1
    return float(np.partition(values, place)[place])
