"""Text from people, made presentable: names and titles."""

import unicodedata

from signaling.errors import RefusalKind, Refused

MAX_NAME = 80
MAX_TITLE = 200


def tidy(text: str) -> str:
    """Without control and formatting characters, inner white space as single blanks."""
    kept = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) != "Cc"
    )
    return " ".join(unicodedata.normalize("NFC", kept).split())


def display_name(text: str | None) -> str:
    """A person's name for others to see.

    Raises:
        Refused: `name_required` or `name_invalid`.
    """
    name = tidy(text or "")
    if not name:
        raise Refused(RefusalKind.INVALID, "name_required", "Please give a name.")
    if len(name) > MAX_NAME:
        raise Refused(
            RefusalKind.INVALID, "name_invalid", f"A name has at most {MAX_NAME} characters."
        )
    return name


def meeting_title(text: str | None, default: str) -> str:
    """A meeting's title.

    Raises:
        Refused: `invalid_title`.
    """
    title = tidy(text or "") or default
    if len(title) > MAX_TITLE:
        raise Refused(
            RefusalKind.INVALID, "invalid_title", f"A title has at most {MAX_TITLE} characters."
        )
    return title
