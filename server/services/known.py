"""What was read from the database a moment ago, kept while it cannot have changed.

Nobody else writes to the data directory while a server has it (`server.datalock`).
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Known(Generic[T]):
    """The latest answers of one kind of question, by key; those least asked for go first.

    Args:
        limit: How many are kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._found: OrderedDict[str, T] = OrderedDict()
        self._changes = 0

    async def get(self, key: str, find: Callable[[], Awaitable[T]]) -> T:
        """The answer; found anew when it is not known."""
        if key in self._found:
            self._found.move_to_end(key)
            return self._found[key]
        changes = self._changes
        found = await find()
        if changes == self._changes:  # else it may be from before the change
            self._found[key] = found
            if len(self._found) > self._limit:
                _ = self._found.popitem(last=False)
        return found

    def forget(self, key: str) -> None:
        """The answer has changed, and is stored already."""
        self._changes += 1
        _ = self._found.pop(key, None)
