"""Numbers the facts of one Session and hands them to the log."""

from media.clock import Clock
from signaling.log import Fact, LogEntry, SessionLog


class Journal:
    """The log of one Session.

    Args:
        session_id: Whose facts.
        meeting_id: Of which meeting.
        log: Where they go.
        clock: The time of day of each.

    Attributes:
        sequence: Number of the latest fact, 0 before the first.
    """

    def __init__(self, session_id: str, meeting_id: str, log: SessionLog, clock: Clock) -> None:
        self.sequence = 0
        self._session_id = session_id
        self._meeting_id = meeting_id
        self._log = log
        self._clock = clock

    def write(self, fact: Fact) -> int:
        """Append a fact; its number."""
        self.sequence += 1
        entry = LogEntry(self._session_id, self._meeting_id, self.sequence, self._clock.utc(), fact)
        self._log.append(entry)
        return self.sequence
