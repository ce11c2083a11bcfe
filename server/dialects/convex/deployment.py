"""The dialect's own state: what changed when, which signals wait, whose connection is whose.

Everything is in memory but the reservation of timestamps: a restart ends connections anyway.
"""

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from media.tasks import TaskScope
from server.dialects.convex.access import Visits
from server.dialects.convex.answers import Answers
from server.dialects.convex.ledger import Ledger
from server.dialects.convex.peers import Peers
from server.dialects.convex.signals import SignalBox
from server.dialects.convex.timestamps import Timestamps, wall_ns
from server.dialects.convex.topics import (
    Topics,
    access_to,
    meeting_itself,
    rows_of,
    signals_for,
    user_behind,
)
from server.dialects.convex.values import Written
from server.services.context import App
from signaling.log import (
    ConnectionChanged,
    ConnectionDescribed,
    LogEntry,
    ParticipantJoined,
    QualityChanged,
    SessionChanged,
    SessionDiscarded,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TIMESTAMP_FILE = "convex-timestamp"
"""In the data directory."""

MAX_ROWS = 4096
_ROW_FACTS = (
    ConnectionChanged,
    ConnectionDescribed,
    QualityChanged,
    SessionChanged,
    SessionDiscarded,
)
_log = structlog.get_logger("server.dialects.convex")


class Deployment:
    """What the dialect keeps for one process.

    Args:
        app: The process's parts.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.topics = Topics()
        self.answers = Answers(self.topics, app.clock)
        self.timestamps = Timestamps(app.clock, app.settings.storage.data / TIMESTAMP_FILE)
        self.signals = SignalBox(self._signals_changed)
        self.peers = Peers(self)
        self.ledger = Ledger()
        self.visits = Visits()
        self.scope = TaskScope(_report)
        self.server_user = _server_user(app)
        self._rows: OrderedDict[str, Written] = OrderedDict()
        self._stop_watching: Callable[[], None] | None = None

    async def start(self) -> None:
        """Go on with timestamps where the last run ended, and listen to what happens."""
        await self.timestamps.start()
        self._stop_watching = self.app.tracker.on_change(self._fact)
        self.app.meetings.on_change(self._meeting_changed)
        self.app.users.on_change(self._user_changed)

    async def stop(self) -> None:
        """End what is under way."""
        if self._stop_watching is not None:
            self._stop_watching()
        await self.scope.close()
        await self.timestamps.stop()

    @property
    def now_ms(self) -> float:
        """Whole milliseconds since the epoch."""
        return float(wall_ns(self.app.clock) // 1_000_000)

    def commit(self, *topics: str) -> int:
        """Something changed: a new timestamp, and everybody who watches hears of it."""
        timestamp = self.timestamps.next()
        if self.timestamps.running_low:
            _ = self.scope.spawn(self.timestamps.reserve(), name="reserve timestamps")
        for topic in topics:
            self.topics.changed(topic)
        return timestamp

    def rows(self, meeting_id: str) -> Written | None:
        """The meeting's rows as somebody found them, while nothing has changed since."""
        return self._rows.get(meeting_id)

    def keep_rows(self, meeting_id: str, rows: Written, changes: int) -> None:
        """Keep rows for the next who asks, unless something changed while they were found."""
        if changes != self.topics.changes:
            return
        self._rows[meeting_id] = rows
        self._rows.move_to_end(meeting_id)
        if len(self._rows) > MAX_ROWS:
            _ = self._rows.popitem(last=False)

    def _fact(self, entry: LogEntry) -> None:
        if isinstance(entry.fact, _ROW_FACTS):
            _ = self._rows.pop(entry.meeting_id, None)
            _ = self.commit(rows_of(entry.meeting_id))
        elif isinstance(entry.fact, ParticipantJoined):
            _ = self.commit(access_to(entry.meeting_id))

    def _meeting_changed(self, meeting_id: str) -> None:
        self.visits.forget(meeting_id)
        _ = self.commit(meeting_itself(meeting_id), access_to(meeting_id))

    def _user_changed(self, sub: str) -> None:
        self._rows.clear()
        _ = self.commit(user_behind(sub))

    def _signals_changed(self, meeting_id: str, user_id: str) -> None:
        _ = self.commit(signals_for(meeting_id, user_id))


def _server_user(app: App) -> str:
    """The users id that the media server signs with: one for ever, made of the installation."""
    seed = app.signer.derive("convex server user")
    return str(UUID(bytes=hashlib.sha256(seed).digest()[:16], version=4))


def _report(name: str, error: BaseException) -> None:
    _log.error("convex task failed", task=name, exc_info=error)
