"""Sessions: the live ones from memory, the others from storage, seen as one."""

import asyncio

from server.records import LogEntryView
from server.services.cursors import decode_cursor, page_of
from server.services.subscription import Subscription
from server.services.tracker import Tracker
from server.services.views import Page, ParticipantView, SessionView
from server.storage.port import SessionQuery, SessionStore, StoredSession
from signaling.errors import RefusalKind, Refused
from signaling.ids import is_id
from signaling.model import Connection, SessionState

SETTLE_SECONDS = 2.0
"""How long a reader of history waits for the latest facts to be stored."""


class SessionsService:
    """Reads sessions and their events.

    Args:
        store: Where ended sessions are.
        tracker: Where the others are.
    """

    def __init__(self, store: SessionStore, tracker: Tracker) -> None:
        self._store = store
        self._tracker = tracker

    def live(self, meeting_id: str) -> SessionView | None:
        """The meeting's session that has not ended, pending ones included."""
        return self._tracker.live_session(meeting_id)

    async def page(
        self,
        *,
        account: str,
        state: SessionState | None = None,
        meeting: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        member: str | None = None,
    ) -> Page[SessionView]:
        """Sessions, newest first; pending ones are hidden.

        Args:
            account: Whose.
            state: Only those in this state.
            meeting: Only those of this meeting (canonical id).
            cursor: Where the page before ended.
            limit: Items at most.
            member: Only those of meetings that this `sub` belongs to.

        Raises:
            Refused: `invalid_cursor`.
        """
        before = decode_cursor(cursor)
        await self.settle()
        query = SessionQuery(
            account=account,
            limit=limit + 1,
            before=before,
            states=(state,) if state else (),
            meeting_id=meeting,
            member=member,
        )
        views = [self._view(stored) for stored in await self._store.list_sessions(query)]
        return page_of(views, limit, lambda view: view.session.id)

    async def get(self, session_id: str) -> SessionView:
        """One session.

        Raises:
            Refused: `session_not_found`.
        """
        live = self._tracker.session(session_id)
        if live is not None:
            return live
        if is_id(session_id):
            await self.settle()
            stored = await self._store.find_session(session_id)
            if stored is not None:
                return self._view(stored)
        raise Refused(RefusalKind.NOT_FOUND, "session_not_found", "There is no such session.")

    async def events(self, session_id: str, *, after: int, limit: int) -> list[LogEntryView]:
        """A session's facts with a larger sequence than `after`, in order.

        Raises:
            Refused: `session_not_found`.
        """
        await self.settle()
        entries = await self._store.list_events(session_id, after=after, limit=limit)
        if not entries:
            _ = await self.get(session_id)
        return entries

    async def events_of_account(
        self, account: str, *, after: int, limit: int
    ) -> list[LogEntryView]:
        """An account's facts with a larger position than `after`, in order."""
        await self.settle()
        return await self._store.list_events_of_account(account, after=after, limit=limit)

    def subscribe(self, session_id: str | None, *, account: str) -> Subscription:
        """A stream of facts from now on, of one session or of the whole account."""
        return self._tracker.subscribe(session_id, account=account)

    async def settle(self) -> None:
        """Let storage catch up with memory, for a bounded time."""
        if self._tracker.backlog:
            try:
                async with asyncio.timeout(SETTLE_SECONDS):
                    await self._tracker.flush()
            except TimeoutError:
                return  # a slow database: history is a little behind, the live view is not

    def _view(self, stored: StoredSession) -> SessionView:
        live = self._tracker.session(stored.session.id)
        return live if live is not None else view_of(stored)


def view_of(stored: StoredSession) -> SessionView:
    """A stored session as a view."""
    links: dict[str, list[Connection]] = {}
    for connection in stored.connections:
        links.setdefault(connection.participant_id, []).append(connection)
    people = tuple(
        ParticipantView(who, tuple(links.get(who.id, ()))) for who in stored.participants
    )
    return SessionView(stored.session, people, stored.account)
