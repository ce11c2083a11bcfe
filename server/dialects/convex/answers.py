"""What live queries came to, shared by everybody for whom it is the same."""

import hashlib
from dataclasses import dataclass
from typing import Final

from media.clock import Clock
from server.auth.principal import Principal
from server.dialects.convex.topics import Topics
from server.dialects.convex.values import Value

FRESH_SECONDS: Final = 1.0
"""A change reaches all its subscribers within that; a query that looks at the clock may differ
later."""
MAX_ANSWERS: Final = 4096

Key = tuple[Principal, str, str]
"""Who asks (without what differs from token to token), the function, the arguments as text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, written once.

    Attributes:
        text: The value as JSON; of a failure, what it is told as.
        failed: It is a failure.
        data: Of an application's error.
        reads: Topics that it depends on.
        digest: Differs when the answer differs.
    """

    text: str
    failed: bool
    data: Value
    reads: frozenset[str]
    digest: bytes


def answer(text: str, reads: set[str], *, failed: bool = False, data: Value = None) -> Answer:
    """Write an answer down."""
    mark = f"{failed}{data!r}".encode("utf-8", "replace") if failed else b""
    digest = hashlib.blake2b(mark + text.encode("utf-8", "replace"), digest_size=16).digest()
    return Answer(text, failed, data, frozenset(reads), digest)


class Answers:
    """Answers that hold as long as nothing changes.

    Args:
        topics: Counts the changes.
        clock: Tells how old an answer is.
    """

    def __init__(self, topics: Topics, clock: Clock) -> None:
        self._topics = topics
        self._clock = clock
        self._known: dict[Key, Answer] = {}
        self._changes = topics.changes
        self._until = 0.0

    def get(self, key: Key) -> Answer | None:
        """The answer, if it is still the one that the function would give."""
        if self._changes != self._topics.changes or self._clock.monotonic() >= self._until:
            self._known.clear()
        return self._known.get(key)

    def keep(self, key: Key, given: Answer, changes: int) -> None:
        """Keep an answer for the next who asks.

        Args:
            key: What was asked.
            given: What it came to.
            changes: How many there were when the function began; with more of them it is not kept.
        """
        if changes != self._topics.changes or len(self._known) >= MAX_ANSWERS:
            return
        if not self._known:
            self._changes, self._until = changes, self._clock.monotonic() + FRESH_SECONDS
        if self._changes == changes:
            self._known[key] = given
