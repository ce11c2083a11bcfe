"""Page cursors: opaque to clients, the id of the last item to us."""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from server.services.views import Page
from signaling.errors import RefusalKind, Refused

T = TypeVar("T")
_CURSOR: Final = re.compile(r"[0-9a-f]{32}")


def encode_cursor(last_id: str) -> str:
    """The cursor that goes on after this item: 32 hexadecimal digits."""
    return last_id.replace("-", "")


def decode_cursor(cursor: str | None) -> str | None:
    """The id that a cursor stands for; None at the beginning.

    Raises:
        Refused: `invalid_cursor`.
    """
    if not cursor:
        return None
    if not _CURSOR.fullmatch(cursor):
        raise Refused(
            RefusalKind.INVALID, "invalid_cursor", "The cursor is not one that this server gave."
        )
    return str(UUID(cursor))


def page_of(items: Sequence[T], limit: int, id_of: Callable[[T], str]) -> Page[T]:
    """A page from one item more than it shows."""
    shown = tuple(items[:limit])
    more = len(items) > limit
    return Page(shown, encode_cursor(id_of(shown[-1])) if more and shown else None)
