"""The queries that one client keeps up to date: which are stale, and what is news to it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from server.dialects.convex.frames import FrameError, ModifyQuerySet
from server.dialects.convex.topics import Topics
from server.dialects.convex.values import Value

MAX_QUERIES = 256
MAX_ARGUMENTS = 16_384
"""Characters that a query keeps; ids and options have a few hundred."""


@dataclass(slots=True, eq=False)
class Subscription:
    """One query of one client.

    Attributes:
        path: The function's name as the client writes it.
        key: The arguments as text.
        stale: It must be run again.
        digest: Of the result that the client has; None when it has none.
        reads: Topics that the last result depends on.
    """

    query_id: int
    path: str
    arguments: Sequence[Value]
    key: str
    stale: bool = True
    digest: bytes | None = None
    reads: frozenset[str] = field(default_factory=frozenset)

    def is_news(self, digest: bytes) -> bool:
        """Whether a result differs from the last; remembers it."""
        if digest == self.digest:
            return False
        self.digest = digest
        return True


class QuerySet:
    """Every query of one client.

    Args:
        topics: Who tells of changes.
        wake: Called when a query became stale.

    Attributes:
        version: What the client has asked for so far.
    """

    def __init__(self, topics: Topics, wake: Callable[[], None]) -> None:
        self.version = 0
        self._topics = topics
        self._wake = wake
        self._queries: dict[int, Subscription] = {}
        self._removed: set[int] = set()
        self._readers: dict[str, set[Subscription]] = {}

    def __len__(self) -> int:
        return len(self._queries)

    def modify(self, change: ModifyQuerySet) -> None:
        """Do what the client asks.

        Raises:
            FrameError: It builds on another version, names a query twice or asks too much.
        """
        if change.base_version != self.version:
            raise FrameError(
                f"Base version {change.base_version} passed up doesn't match the current version "
                f"{self.version}"
            )
        for query_id in change.removed:
            self._remove(query_id)
        for added in change.added:
            if added.query_id in self._queries:
                raise FrameError(f"Query {added.query_id} is already in the query set")
            if len(self._queries) >= MAX_QUERIES:
                raise FrameError(f"A client keeps at most {MAX_QUERIES} queries")
            key = repr(added.arguments)
            if len(added.path) + len(key) > MAX_ARGUMENTS:
                raise FrameError("The arguments of a live query are too long")
            query = Subscription(added.query_id, added.path, added.arguments, key)
            self._queries[added.query_id] = query
            self._removed.discard(added.query_id)
        self.version = change.new_version

    def take_removed(self) -> list[int]:
        """Queries that were dropped since the last call, in order."""
        removed = sorted(self._removed)
        self._removed.clear()
        return removed

    @property
    def any_stale(self) -> bool:
        """Whether a query must be run again."""
        return any(query.stale for query in self._queries.values())

    def stale(self) -> Iterator[Subscription]:
        """Queries to run again, in order; those that were dropped meanwhile are passed over."""
        for query in sorted(self._queries.values(), key=lambda query: query.query_id):
            if query.stale and self._queries.get(query.query_id) is query:
                yield query

    def invalidate(self) -> None:
        """Run everything again."""
        for query in self._queries.values():
            query.stale = True

    def keeps(self, query: Subscription) -> bool:
        """Whether the query is still wanted."""
        return self._queries.get(query.query_id) is query

    def ran(self, query: Subscription, reads: Iterable[str]) -> None:
        """A query was run and depends on these topics now."""
        if not self.keeps(query):
            return
        wanted = frozenset(reads)
        self._release(query, query.reads - wanted)
        for topic in wanted - query.reads:
            readers = self._readers.get(topic)
            if readers is None:
                readers = self._readers[topic] = set()
                self._topics.watch((topic,), self._changed)
            readers.add(query)
        query.reads = wanted

    def close(self) -> None:
        """Forget everything."""
        self._topics.unwatch(tuple(self._readers), self._changed)
        self._readers.clear()
        self._queries.clear()

    def _remove(self, query_id: int) -> None:
        query = self._queries.pop(query_id, None)
        if query is not None:
            self._release(query, query.reads)
            self._removed.add(query_id)

    def _release(self, query: Subscription, topics: Iterable[str]) -> None:
        for topic in topics:
            readers = self._readers[topic]
            readers.discard(query)
            if not readers:
                del self._readers[topic]
                self._topics.unwatch((topic,), self._changed)

    def _changed(self, topic: str) -> None:
        for query in self._readers.get(topic, ()):
            query.stale = True
        self._wake()
