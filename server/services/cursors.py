"""Page cursors: opaque to clients, the id of the last item to us."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from server.services.views import Page
from signaling.errors import RefusalKind, Refused
from signaling.ids import is_id

T = TypeVar("T")


def encode_cursor(last_id: str) -> str:
    """The cursor that goes on after this item."""
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str | None:
    """The id that a cursor stands for; None at the beginning.

    Raises:
        Refused: `invalid_cursor`.
    """
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not is_id(text):
        raise Refused(
            RefusalKind.INVALID, "invalid_cursor", "The cursor is not one that this server gave."
        )
    return text


def page_of(items: Sequence[T], limit: int, id_of: Callable[[T], str]) -> Page[T]:
    """A page from one item more than it shows."""
    shown = tuple(items[:limit])
    more = len(items) > limit
    return Page(shown, encode_cursor(id_of(shown[-1])) if more and shown else None)
