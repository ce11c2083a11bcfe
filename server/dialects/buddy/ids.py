"""Ids with the dialect's prefixes, and back. Pure."""

import re
from itertools import pairwise
from typing import Final
from uuid import UUID

from server.dialects.buddy.errors import BuddyError, missing

SESSION: Final = "mbsess_"
TRANSCRIPT: Final = "mbtrans_"
_HEX: Final = re.compile(r"[0-9a-f]{32}")


def session_id(bot_id: str) -> str:
    """A bot's id."""
    return SESSION + bot_id.replace("-", "")


def transcript_id(segment_id: str) -> str:
    """A segment's id."""
    return TRANSCRIPT + segment_id.replace("-", "")


def bot_id(text: str) -> str:
    """The bot that a session's id names.

    Raises:
        BuddyError: 422 when it is no session's id, 404 when no bot can have it.
    """
    if not text.startswith(SESSION):
        raise BuddyError(
            422,
            "INVALID_SESSION_ID",
            f"A session id begins with {SESSION}",
            {"field": "session_id"},
        )
    rest = text.removeprefix(SESSION)
    if not _HEX.fullmatch(rest):
        raise missing("SESSION_NOT_FOUND")
    return str(UUID(rest))


def searched(text: str) -> str:
    """What to look for; a session's id, or its beginning, as bots are kept."""
    if not text.startswith(SESSION):
        return text
    digits = text.removeprefix(SESSION)
    parts = [digits[a:b] for a, b in pairwise((0, 8, 12, 16, 20, 32))]
    return "-".join(part for part in parts if part)


def organization_id(account: str) -> str:
    """An account's id."""
    return "org_" + account.replace("-", "")


def user_id(by: str | None) -> str:
    """Who sent a bot: a user, or a key."""
    return "usr_" + (by or "unknown").replace("-", "")
