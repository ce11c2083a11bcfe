"""Meeting ids in every form that the server accepts."""

from collections.abc import Sequence
from typing import Protocol

from signaling.ids import is_id


class ForeignIds(Protocol):
    """Another system's way to write this server's meeting ids.

    Attributes:
        member: The name under which the API shows it, such as `convex_id`.
    """

    @property
    def member(self) -> str:
        """See above."""
        ...

    def write(self, meeting_id: str) -> str:
        """The foreign form of a canonical id."""
        ...

    def read(self, text: str) -> str | None:
        """The canonical id, or None when the text is not of this form."""
        ...


def parse_meeting_id(text: str, foreign: Sequence[ForeignIds] = ()) -> str | None:
    """The canonical id that a text stands for; None when it is not an id at all."""
    text = text.strip()
    if is_id(text.lower()):
        return text.lower()
    for form in foreign:
        found = form.read(text)
        if found is not None:
            return found
    return None
