"""What queries read and mutations change, by name: who watches a topic hears of each change.

rows/<meeting>             the meeting's connections
meeting/<meeting>          the meeting itself
access/<meeting>           who belongs to it
user/<sub>                 a user's name and picture
signals/<meeting>/<user>   signals that wait for somebody
"""

from collections.abc import Callable, Iterable

Watcher = Callable[[str], None]


def rows_of(meeting_id: str) -> str:
    """The meeting's connections."""
    return f"rows/{meeting_id}"


def meeting_itself(meeting_id: str) -> str:
    """The meeting's own members, and that it exists."""
    return f"meeting/{meeting_id}"


def access_to(meeting_id: str) -> str:
    """Who belongs to the meeting."""
    return f"access/{meeting_id}"


def user_behind(sub: str) -> str:
    """A user's name and picture."""
    return f"user/{sub}"


def signals_for(meeting_id: str, user_id: str) -> str:
    """Signals of a meeting that wait for somebody."""
    return f"signals/{meeting_id}/{user_id}"


class Topics:
    """Who watches what.

    Attributes:
        changes: How many changes there were; grows with each.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._watchers: dict[str, set[Watcher]] = {}

    def watch(self, topics: Iterable[str], watcher: Watcher) -> None:
        """Call back at each change of these topics, once per topic and watcher."""
        for topic in topics:
            self._watchers.setdefault(topic, set()).add(watcher)

    def unwatch(self, topics: Iterable[str], watcher: Watcher) -> None:
        """Stop that."""
        for topic in topics:
            watchers = self._watchers.get(topic)
            if watchers is not None:
                watchers.discard(watcher)
                if not watchers:
                    del self._watchers[topic]

    def changed(self, topic: str) -> None:
        """Tell everybody who watches; watchers never raise."""
        self.changes += 1
        for watcher in tuple(self._watchers.get(topic, ())):
            watcher(topic)

    def __len__(self) -> int:
        return len(self._watchers)
