"""The session log's home: every fact updates the live view, reaches subscribers, gets stored."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import structlog

from media.clock import Clock
from media.tasks import OnError, TaskScope
from server.facts import entry_view
from server.services.live_view import LiveSession, LiveView
from server.services.subscription import Subscription
from server.services.views import SessionView
from server.storage.port import PlacedEntry, SessionStore
from signaling.log import LogEntry
from signaling.model import Connection, Meeting, Participant, SessionState

if TYPE_CHECKING:
    from server.records import LogEntryView

BATCH_FACTS = 500
BATCH_SECONDS = 0.2
RETRY_SECONDS = 1.0
BACKLOG_LIMIT = 200_000
"""Facts kept for a database that does not answer: about 200 MB; later ones are only live."""
BACKLOG_FULL = 20_000
"""From here on nobody new is admitted."""
DEFAULT_ACCOUNT = "default"
REMEMBERED_MEETINGS = 10_000

logger = structlog.get_logger(__name__)


class Tracker:
    """A `signaling.log.SessionLog` with memory.

    Args:
        store: Where facts are kept.
        clock: The process's clock.
        on_error: Told when a write fails; it is tried again.
    """

    def __init__(self, store: SessionStore, clock: Clock, on_error: OnError) -> None:
        self._store = store
        self._clock = clock
        self._on_error = on_error
        self._scope = TaskScope(on_error)
        self._view = LiveView()
        self._accounts: dict[str, str] = {}
        self._position = 0
        self._waiting: deque[PlacedEntry] = deque()
        self._writing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._full = asyncio.Event()
        self._watchers: list[Callable[[LogEntry], None]] = []
        self._streams: dict[Subscription, tuple[str | None, str]] = {}
        self.version = 0
        self.lost = 0

    async def start(self) -> None:
        """Go on after the last stored fact; begin writing."""
        self._position = await self._store.last_position()
        _ = self._scope.spawn(self._write_forever(), name="tracker writer")

    async def stop(self) -> None:
        """Store everything and end every subscription.

        Raises:
            Exception: The database's, when the last facts could not be stored.
        """
        async with self._writing:  # a batch cut off in the middle would hold the database
            await self._scope.close()
        for stream in list(self._streams):
            stream.close()
        await self.flush()

    @property
    def backlog(self) -> int:
        """Facts that are not stored yet."""
        return len(self._waiting)

    @property
    def overloaded(self) -> bool:
        """Storage is so far behind that nobody new should come."""
        return len(self._waiting) >= BACKLOG_FULL

    # what facts do

    def note_meeting(self, meeting: Meeting) -> None:
        """Learn whose meeting this is, before its first fact comes."""
        self.note_account(meeting.id, meeting.account)

    def note_account(self, meeting_id: str, account: str) -> None:
        """The same with the account alone."""
        self._accounts.pop(meeting_id, None)
        self._accounts[meeting_id] = account
        if len(self._accounts) > REMEMBERED_MEETINGS:
            del self._accounts[next(iter(self._accounts))]

    def append(self, entry: LogEntry) -> None:
        """Take one fact; never blocks, never raises."""
        account = self._view.account_of(entry.session_id) or self._accounts.get(
            entry.meeting_id, DEFAULT_ACCOUNT
        )
        self._position += 1
        self.version += 1
        self._view.apply(entry, account)
        self._queue(PlacedEntry(self._position, account, entry))
        self._publish(entry, account)
        for watcher in tuple(self._watchers):
            self._call(watcher, entry)

    def _queue(self, placed: PlacedEntry) -> None:
        if len(self._waiting) >= BACKLOG_LIMIT:
            self.lost += 1
            if self.lost == 1:
                logger.error("facts are lost: storage does not answer")
            return
        self._waiting.append(placed)
        self._wake.set()
        if len(self._waiting) >= BATCH_FACTS:
            self._full.set()

    def _publish(self, entry: LogEntry, account: str) -> None:
        view: LogEntryView | None = None
        for stream, (session_id, owner) in list(self._streams.items()):
            if owner == account and session_id in (None, entry.session_id):
                view = view or entry_view(entry, self._position)
                stream.offer(view)

    def _call(self, watcher: Callable[[LogEntry], None], entry: LogEntry) -> None:
        try:
            watcher(entry)
        except Exception as error:  # noqa: BLE001  (a watcher's fault must not stop the log)
            self._on_error("tracker watcher", error)

    # what others ask

    def live(self) -> Iterator[LiveSession]:
        """Every session that has not ended, as it changes: read it at once."""
        return iter(self._view)

    def live_sessions(self, account: str | None = None) -> list[SessionView]:
        """Every session that has not ended, pending ones included, oldest first."""
        return [live.view() for live in self._view if account in (None, live.account)]

    def live_session(self, meeting_id: str) -> SessionView | None:
        """The meeting's session that has not ended."""
        live = self._view.of_meeting(meeting_id)
        return live.view() if live else None

    def session(self, session_id: str) -> SessionView | None:
        """A session that has not ended."""
        live = self._view.find(session_id)
        return live.view() if live else None

    def account_of(self, session_id: str) -> str | None:
        """Whose session, while it has not ended."""
        return self._view.account_of(session_id)

    def participant(self, participant_id: str) -> Participant | None:
        """Somebody in a session that has not ended; None for strangers."""
        for live in self._view:
            if participant_id in live.participants:
                return live.participants[participant_id]
        return None

    def connections(self, meeting_id: str) -> list[tuple[Connection, Participant]]:
        """The meeting's connections that are connecting, connected or disconnected."""
        live = self._view.of_meeting(meeting_id)
        if live is None:
            return []
        return [
            (connection, live.participants[who])
            for who, mine in live.connections.items()
            for connection in mine.values()
            if not connection.state.final and who in live.participants
        ]

    def was_here(self, meeting_id: str, sub: str) -> bool:
        """Whether the user is or was in the meeting's session that has not ended."""
        live = self._view.of_meeting(meeting_id)
        return live is not None and any(
            sub in (who.user_id, who.id) for who in live.participants.values()
        )

    def counts(self) -> dict[SessionState, int]:
        """How many sessions are in which state."""
        counted = dict.fromkeys(SessionState, 0)
        for live in self._view:
            counted[live.session.state] += 1
        return counted

    def on_change(self, callback: Callable[[LogEntry], None]) -> Callable[[], None]:
        """Call back on every fact, on the event loop; returns how to stop that."""
        self._watchers.append(callback)

        def stop() -> None:
            if callback in self._watchers:
                self._watchers.remove(callback)

        return stop

    def subscribe(self, session_id: str | None, *, account: str) -> Subscription:
        """A stream of one session's facts, or of all of an account, from now on."""
        stream = Subscription(self._unsubscribe)
        self._streams[stream] = (session_id, account)
        return stream

    def _unsubscribe(self, stream: Subscription) -> None:
        self._streams.pop(stream, None)

    # storing

    async def flush(self) -> None:
        """Store everything appended so far.

        Raises:
            Exception: The database's; the facts stay queued.
        """
        last = self._position
        while self._waiting and self._waiting[0].position <= last:
            await self._write_batch()

    async def _write_forever(self) -> None:
        while True:
            await self._wake.wait()
            # Not wait_for, which up to Python 3.11 loses a cancellation that comes together with
            # what it waits for: the task would go on and wait for the lock that `stop` holds.
            with contextlib.suppress(TimeoutError):  # then a batch is due though it is small
                async with asyncio.timeout(BATCH_SECONDS):
                    await self._full.wait()
            try:
                await self._write_batch()
            except Exception as error:  # noqa: BLE001  (reported, and tried again: facts stay)
                self._on_error("tracker writer", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _write_batch(self) -> None:
        async with self._writing:
            batch = [self._waiting[i] for i in range(min(BATCH_FACTS, len(self._waiting)))]
            if batch:
                await self._store.write_facts(batch)
                for _ in batch:
                    self._waiting.popleft()
            if not self._waiting:
                self._wake.clear()
            if len(self._waiting) < BATCH_FACTS:
                self._full.clear()
