"""Several who act on the turns of a session, as one."""

from signaling.model import Meeting
from signaling.ports import SessionWatcher


class SessionWatchers:
    """Satisfies `signaling.ports.SessionWatcher`.

    Args:
        watchers: Told one after the other.
    """

    def __init__(self, *watchers: SessionWatcher) -> None:
        self._watchers = watchers

    async def session_started(self, meeting: Meeting, session_id: str) -> None:
        """The first person is connected."""
        for watcher in self._watchers:
            await watcher.session_started(meeting, session_id)

    async def session_ended(self, meeting_id: str, session_id: str) -> None:
        """Nobody is left or a host ended it."""
        for watcher in self._watchers:
            await watcher.session_ended(meeting_id, session_id)
