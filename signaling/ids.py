"""Ids: UUIDv7 (RFC 9562 section 5.7) as canonical text, so that their order is creation order."""

from uuid import UUID

import uuid6


def new_id() -> str:
    """A fresh UUIDv7, larger than every one made before in this process."""
    return str(uuid6.uuid7())


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in canonical lower-case form."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
