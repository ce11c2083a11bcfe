"""A bounded memory of ids."""

from collections import OrderedDict


class RecentIds:
    """A set that forgets its oldest members beyond a limit."""

    def __init__(self, limit: int) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._limit = limit

    def add(self, entry: str) -> None:
        """Remember an id."""
        self._ids[entry] = None
        if len(self._ids) > self._limit:
            self._ids.popitem(last=False)

    def __contains__(self, entry: str) -> bool:
        return entry in self._ids
